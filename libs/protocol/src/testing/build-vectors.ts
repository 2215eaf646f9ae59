import { bytesToHex } from '../bytes.js';
import { commitmentDigest, EIP712_TYPES, intentDigest } from '../eip712.js';
import { EntryKind } from '../entry.js';
import { toEvidenceFile } from '../evidence-file.js';
import { Genesis, logId as logIdOf } from '../genesis.js';
import { Header } from '../header.js';
import { Decision, Intent, OperationKind, Outcome, SignedVote, Vote } from '../operation.js';
import { Reason } from '../reason.js';
import { Registry, registryRoot, seriesId, SeriesTerms } from '../registry.js';
import { buildCertificate, buildPreconfirmation, buildRegistryExport } from './build-evidence.js';
import { buildRegistryChanges } from './build-registry-changes.js';
import { buildLog, buildVotes, type VectorBlock } from './build-log.js';
import {
  addressOf,
  CALL_TERMS,
  CHAIN_IDS,
  CLOSE,
  EXERCISE,
  genesis,
  privateKey,
  PUT_TERMS,
  signAs,
  WRITE,
} from './fixtures.js';
import { type Json, toJson } from './to-json.js';

const KEYS = [
  ...['registry', 'sequencer', 'price', 'pool', 'operator', 'holder', 'writer'],
  ...CHAIN_IDS.flatMap((chainId) => [`voting ${chainId}`, `replica ${chainId}`]),
];

const LOG_ID = logIdOf(genesis());

/** The test vectors, by the name of their file; the same on every run. */
export async function buildVectors(): Promise<Record<string, Json>> {
  const blocks = await buildLog();
  return {
    keys: KEYS.map((name) => ({
      name,
      privateKey: bytesToHex(privateKey(name)),
      address: bytesToHex(addressOf(name)),
    })),
    genesis: genesisVector(),
    headers: blocks.map(headerVector),
    lanes: blocks.map(lanesVector),
    entries: blocks.flatMap(({ entries }) =>
      toJson(entries.map((entry) => ({ ...entry, kindName: EntryKind[entry.kind] }))),
    ),
    certificate: toJson(toEvidenceFile('certificate', buildCertificate(blocks))),
    preconfirmation: toJson(toEvidenceFile('preconfirmation', buildPreconfirmation(blocks))),
    registry: toJson(toEvidenceFile('registry', buildRegistryExport(blocks))),
    intents: await Promise.all([EXERCISE, WRITE, CLOSE].map(intentVector)),
    'registry-changes': await buildRegistryChanges(),
    votes: await votesVector(blocks[0]!),
    slices: blocks.flatMap(({ slices, header }) =>
      slices.map(({ chainId, value, bytes }) => toJson({ block: header.number, chainId, value, ssz: bytes })),
    ),
  };
}

function genesisVector(): Json {
  const value = genesis();
  const series = [CALL_TERMS, PUT_TERMS].map((terms) => ({
    value: terms,
    ssz: SeriesTerms.serialize(terms),
    id: seriesId(terms),
  }));
  return toJson({
    value,
    ssz: Genesis.serialize(value),
    logId: LOG_ID,
    registry: { ssz: Registry.serialize(value.registry), root: registryRoot(value.registry) },
    series,
  });
}

function headerVector({ header, hash, signature }: VectorBlock): Json {
  const digest = commitmentDigest(LOG_ID, 'header', hash);
  return toJson({ value: header, ssz: Header.serialize(header), hash, digest, signature, signer: header.leader });
}

function lanesVector({ header, lanes, roots, proofs }: VectorBlock): Json {
  const each = lanes.map((lane, index) => ({ index, value: lane, root: roots[index], proof: proofs[index] }));
  return toJson({ block: header.number, lanesRoot: header.lanesRoot, lanes: each });
}

const INTENTS = {
  [OperationKind.exercise]: { primaryType: 'ExerciseIntent', signers: ['holder'] },
  [OperationKind.write]: { primaryType: 'WriteIntent', signers: ['writer', 'holder', 'operator'] },
  [OperationKind.close]: { primaryType: 'CloseIntent', signers: ['holder', 'operator'] },
} as const;

async function intentVector(intent: Intent): Promise<Json> {
  const { primaryType, signers } = INTENTS[intent.selector];
  const chainId = CALL_TERMS.positionChainId;
  const digest = intentDigest(LOG_ID, chainId, intent);
  return toJson({
    domain: { name: 'Lockstep', version: '1', chainId, salt: LOG_ID },
    primaryType,
    types: { [primaryType]: EIP712_TYPES[primaryType] },
    message: intent.value,
    ssz: Intent.serialize(intent),
    digest,
    signatures: await Promise.all(
      signers.map(async (name) => ({ signer: addressOf(name), signature: await signAs(name, digest) })),
    ),
  });
}

async function votesVector(block: VectorBlock): Promise<Json> {
  const votes = await buildVotes(block, true);
  const { operationId, prepareId } = votes[0]!.vote;
  const aborts: Decision[] = [
    { operationId, prepareId, outcome: Outcome.abort, reason: Reason.insufficient_collateral, votes, auditId: 0n },
    { operationId, prepareId, outcome: Outcome.abort, reason: Reason.expired, votes: [], auditId: 0n },
    { operationId, prepareId, outcome: Outcome.abort, reason: Reason.operator_abort, votes: [], auditId: 12n },
  ];
  return toJson({
    votes: votes.map((signed) => {
      const root = Vote.hashTreeRoot(signed.vote);
      const digest = commitmentDigest(LOG_ID, 'vote', root);
      return { value: signed, ssz: SignedVote.serialize(signed), root, digest, reason: Reason[signed.vote.reason] };
    }),
    aborts: aborts.map((value) => ({ value, ssz: Decision.serialize(value) })),
  });
}
