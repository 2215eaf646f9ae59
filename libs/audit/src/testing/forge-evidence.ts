import { readFileSync } from 'node:fs';
import { checkCertificate, openRegistryExport } from '#libs/atomic-commit';
import { LocalSigner, recoverAddress } from '#libs/crypto';
import {
  blockHash,
  type Certificate,
  commitmentDigest,
  Decision,
  encodeEntry,
  entryBody,
  EntryKind,
  entryId,
  entryLeaf,
  hexToBytes,
  laneRoot,
  lanesRoot,
  parseEvidenceFile,
  Prepare,
  Price,
  proveLanes,
  proveLeaf,
  type ProvedEntry,
  type RegistryExport,
  SignedPrice,
  Vote,
} from '#libs/protocol';
import { checkCertificatePlan } from '../evidence/check-plan.js';

/** The published test vectors, and what somebody with every key could make of them. */
const FOLDER = new URL('../../../protocol/vectors/', import.meta.url);
export const text = (name: string): string => readFileSync(new URL(`${name}.json`, FOLDER), 'utf8');
const keys = new Map(
  (JSON.parse(text('keys')) as { name: string; privateKey: string }[]).map(({ name, privateKey }) => [
    name,
    privateKey,
  ]),
);
export const sign = (name: string, digest: Uint8Array): Uint8Array =>
  new LocalSigner(hexToBytes(keys.get(name)!)).sign(digest);

export interface Files {
  certificate: Certificate;
  registry: RegistryExport;
}
export const files = (): Files => ({
  certificate: parseEvidenceFile('certificate', text('certificate')),
  registry: parseEvidenceFile('registry', text('registry')),
});

export function check({ certificate, registry }: Files): void {
  const book = openRegistryExport(registry);
  checkCertificatePlan(checkCertificate(certificate, book, recoverAddress), book, recoverAddress);
}

export const zero = new Uint8Array(32);

/** Signs a header again, as only its leader can. */
export function resign(proved: ProvedEntry): void {
  const { header } = proved.signedHeader;
  const digest = commitmentDigest(header.logId, 'header', blockHash(header));
  proved.signedHeader.signature = sign('sequencer', digest);
}

/** Puts another body into an entry, and makes a block around it that its leader signs. */
export function rewrite(proved: ProvedEntry, kind: EntryKind, body: Uint8Array): void {
  proved.entry.bytes = encodeEntry(kind, body);
  seal(proved);
}

export function seal(proved: ProvedEntry): void {
  const { entry, chainId, firstLaneSequence, position, laneIndex } = proved;
  const leaf = entryLeaf(entry.sequence, entryId(entry.bytes), entry.sender);
  const leaves = Array.from({ length: position + 1 }, (_, place) => (place === position ? leaf : zero));
  const lane = { chainId, firstLaneSequence, leaves };
  const roots = [0, 1, 2, 3].map((index) => (index === laneIndex ? laneRoot(lane) : zero));
  proved.signedHeader.header.lanesRoot = lanesRoot(roots);
  proved.leafProof = proveLeaf(lane, position);
  proved.laneProof = proveLanes(roots, [laneIndex])[0]!;
  resign(proved);
}

/** Changes PREPARE, and the votes and the decision so that they are of the changed one. */
export function changePrepare({ certificate }: Files, change: (prepare: Prepare) => void): void {
  const prepare = Prepare.deserialize(entryBody(certificate.prepare.entry.bytes)) as Prepare;
  change(prepare);
  separate(certificate);
  rewrite(certificate.prepare, EntryKind.PREPARE, Prepare.serialize(prepare));
  const prepareId = entryId(certificate.prepare.entry.bytes);
  const prepareBlockHash = blockHash(certificate.prepare.signedHeader.header);
  changeDecision({ certificate } as Files, (decision) => {
    decision.operationId = prepare.operationId;
    decision.prepareId = prepareId;
    decision.votes = decision.votes.filter(({ vote }) => prepare.participants.includes(vote.chainId));
    for (const signed of decision.votes) {
      signed.vote = { ...signed.vote, operationId: prepare.operationId, prepareId, prepareBlockHash };
      signed.signature = voteSignature(signed.vote);
    }
  });
  certificate.decision.signedHeader.header.parentHash = prepareBlockHash;
  resign(certificate.decision);
}

/** Price and PREPARE stand in one block, of which there can be one: puts PREPARE into a later one, and the price first. */
function separate({ prepare, decision, price }: Certificate): void {
  Object.assign(prepare.signedHeader.header, { number: 3, firstSequence: 3n, entryCount: 3 });
  decision.signedHeader.header.number = 4;
  const [first] = price;
  first!.signedHeader = structuredClone(first!.signedHeader);
  first!.signedHeader.header.entryCount = 2;
  seal(first!);
}

export const voteSignature = (vote: Vote, key = `voting ${vote.chainId}`): Uint8Array =>
  sign(key, commitmentDigest(vote.logId, 'vote', Vote.hashTreeRoot(vote)));

export function changeDecision({ certificate }: Files, change: (decision: Decision) => void): void {
  const decision = Decision.deserialize(entryBody(certificate.decision.entry.bytes));
  change(decision);
  rewrite(certificate.decision, EntryKind.DECISION, Decision.serialize(decision));
}

export function changePrice(files: Files, change: (signed: SignedPrice) => void, key = 'price'): void {
  changePrepare(files, () => {});
  const price = files.certificate.price[0]!;
  const signed = SignedPrice.deserialize(entryBody(price.entry.bytes));
  change(signed);
  const { logId } = price.signedHeader.header;
  signed.signature = sign(key, commitmentDigest(logId, 'price', Price.hashTreeRoot(signed.price)));
  rewrite(price, EntryKind.PRICE, SignedPrice.serialize(signed));
}
