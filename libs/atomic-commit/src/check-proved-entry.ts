import {
  blockHash,
  bytesToHex,
  commitmentDigest,
  EntryKind,
  entryId,
  equalBytes,
  type Header,
  isShared,
  NO_SENDER,
  PROTOCOL_VERSION,
  type ProvedEntry,
  type Registry,
  SHARED_LANE,
  verifyEntryProof,
} from '#libs/protocol';
import { EvidenceError, type EvidenceErrorType, type EvidencePart } from './evidence-error.js';
import type { RecoverAddress } from './prepared-operation.js';
import type { RegistryBook } from './registry-book.js';

/** An entry that a leader's signed header commits to. */
export interface CheckedEntry {
  header: Header;
  /** Block hash, 32 bytes. */
  hash: Uint8Array;
  /** In force in its block. */
  registry: Registry;
  id: Uint8Array;
  sequence: bigint;
  laneSequence: bigint;
  sender: Uint8Array;
  /** Kind byte ‖ body. */
  bytes: Uint8Array;
}

/**
 * Checks one proved entry: its header is of the book's log, signed by a sequencer of the registry that it names, and
 * commits to the entry at this place of this lane.
 * @throws EvidenceError
 */
export function checkProvedEntry(
  part: EvidencePart,
  kind: EntryKind,
  proved: ProvedEntry,
  book: RegistryBook,
  recover: RecoverAddress,
): CheckedEntry {
  const { header, signature } = proved.signedHeader;
  const { entry, firstLaneSequence, position } = proved;
  const hash = blockHash(header);
  const registry = checkHeader(part, header, hash, signature, book, recover);
  if (entry.bytes[0] !== kind) {
    const got = entry.bytes[0] ?? null;
    const name = got === null ? 'nothing' : (EntryKind[got] ?? `kind ${got}`);
    fail({ code: 'WRONG_KIND', part, kind: got }, `The entry given as ${part} is ${name}.`);
  }
  checkLane(part, kind, proved, registry);
  if (!verifyEntryProof(proved)) {
    fail({ code: 'ENTRY_PROOF', part }, `The header of block ${header.number} does not commit to this ${part}.`);
  }
  const { sequence, sender } = entry;
  if (sequence < header.firstSequence || sequence >= header.firstSequence + BigInt(header.entryCount)) {
    const message = `Sequence ${sequence} of the ${part} lies outside block ${header.number}.`;
    fail({ code: 'ENTRY_OUTSIDE_BLOCK', part, sequence }, message);
  }
  const laneSequence = firstLaneSequence + BigInt(position);
  return { header, hash, registry, id: entryId(entry.bytes), sequence, laneSequence, sender, bytes: entry.bytes };
}

function checkHeader(
  part: EvidencePart,
  header: Header,
  hash: Uint8Array,
  signature: Uint8Array,
  book: RegistryBook,
  recover: RecoverAddress,
): Registry {
  const { number, version, logId, registryRoot: root, leader } = header;
  if (version !== PROTOCOL_VERSION) {
    fail({ code: 'UNSUPPORTED_VERSION', part, version }, `Block ${number} follows version ${version} of the rules.`);
  }
  if (!equalBytes(logId, book.logId)) {
    const [expected, got] = [bytesToHex(book.logId), bytesToHex(logId)];
    fail(
      { code: 'FOREIGN_LOG', part, expected, got },
      `The ${part} stands in log ${got}, the registry is of ${expected}.`,
    );
  }
  const registry = book.find(root);
  if (!registry) {
    throw new EvidenceError(
      { code: 'REGISTRY_MISSING', part, number, root: bytesToHex(root) },
      `Block ${number}, which carries the ${part}, names the registry ${bytesToHex(root)}; the registry file has no such.`,
      `Export it with \`lockstep registry export --at ${number}\` from a sequencer that you trust.`,
    );
  }
  if (!registry.sequencerKeys.some((key) => equalBytes(key, leader))) {
    const shown = bytesToHex(leader);
    fail(
      { code: 'UNKNOWN_LEADER', part, leader: shown },
      `Block ${number} names ${shown}, which is no sequencer's key.`,
    );
  }
  const signer = recover(commitmentDigest(logId, 'header', hash), signature);
  if (!signer || !equalBytes(signer, leader)) {
    const shown = signer && bytesToHex(signer);
    fail(
      { code: 'HEADER_SIGNATURE', part, signer: shown },
      `The header of block ${number} is not signed by its leader.`,
    );
  }
  return registry;
}

/** Entries for several rollups stand in the shared lane, at place 0; the others in that of the i-th rollup, at i. */
function checkLane(part: EvidencePart, kind: EntryKind, proved: ProvedEntry, registry: Registry): void {
  const { chainId, laneIndex, entry } = proved;
  const place = registry.rollups.findIndex((rollup) => rollup.chainId === chainId);
  const isPlaced = isShared(kind) ? chainId === SHARED_LANE && laneIndex === 0 : place >= 0 && laneIndex === place + 1;
  if (!isPlaced) {
    fail(
      { code: 'WRONG_LANE', part, chainId, laneIndex },
      `The ${part} stands in lane ${chainId} at place ${laneIndex}.`,
    );
  }
  if (equalBytes(entry.sender, NO_SENDER) !== (kind !== EntryKind.TRANSACTION)) {
    const sender = bytesToHex(entry.sender);
    fail({ code: 'ENTRY_SENDER', part, sender }, `The ${part} has the sender ${sender}.`);
  }
}

function fail(type: EvidenceErrorType, message: string): never {
  throw new EvidenceError(type, message);
}
