import { bigIntToBytesBE, equalBytes, uint64ToBytesBE } from './bytes.js';
import { keccak256, keccak256Concat } from './keccak.js';
import { type Intent, OperationKind } from './operation.js';

const utf8 = new TextEncoder();
const hashText = (value: string): Uint8Array => keccak256(utf8.encode(value));
const uint256 = (value: bigint | number): Uint8Array => bigIntToBytesBE(BigInt(value), 32);
/** A word for a uint64. Refuses what SSZ could not hold: a digest must not cover what the entry cannot carry. */
const uint64 = (value: bigint): Uint8Array => leftPadded(uint64ToBytesBE(value));
function leftPadded(bytes: Uint8Array): Uint8Array {
  const word = new Uint8Array(32);
  word.set(bytes, 32 - bytes.length);
  return word;
}

const NAME = hashText('Lockstep');
/** The EIP-712 domain's version: a constant, whatever the protocol's version. */
const VERSION = hashText('1');
const DOMAIN_TYPE = hashText('EIP712Domain(string name,string version,bytes32 salt)');
const CHAIN_DOMAIN_TYPE = hashText('EIP712Domain(string name,string version,uint256 chainId,bytes32 salt)');
const COMMITMENT_TYPE = hashText('Commitment(string kind,bytes32 root)');

/** EIP-712 types as wallets take them (viem's `types`). */
export const EIP712_TYPES = {
  Commitment: [
    { name: 'kind', type: 'string' },
    { name: 'root', type: 'bytes32' },
  ],
  ExerciseIntent: [
    { name: 'series', type: 'bytes32' },
    { name: 'holder', type: 'address' },
    { name: 'backer', type: 'address' },
    { name: 'quantity', type: 'uint256' },
    { name: 'minPriceRound', type: 'uint64' },
    { name: 'maxPriceAgeMs', type: 'uint64' },
    { name: 'deadlineMs', type: 'uint64' },
    { name: 'nonce', type: 'uint256' },
  ],
  WriteIntent: [
    { name: 'series', type: 'bytes32' },
    { name: 'writer', type: 'address' },
    { name: 'backer', type: 'address' },
    { name: 'buyer', type: 'address' },
    { name: 'quantity', type: 'uint256' },
    { name: 'premium', type: 'uint256' },
    { name: 'deadlineMs', type: 'uint64' },
    { name: 'nonce', type: 'uint256' },
  ],
  CloseIntent: [
    { name: 'series', type: 'bytes32' },
    { name: 'holder', type: 'address' },
    { name: 'backer', type: 'address' },
    { name: 'quantity', type: 'uint256' },
    { name: 'payment', type: 'uint256' },
    { name: 'deadlineMs', type: 'uint64' },
    { name: 'nonce', type: 'uint256' },
  ],
} as const;

const intentTypeHash = (name: 'ExerciseIntent' | 'WriteIntent' | 'CloseIntent'): Uint8Array =>
  hashText(`${name}(${EIP712_TYPES[name].map((field) => `${field.type} ${field.name}`).join(',')})`);
const EXERCISE_TYPE = intentTypeHash('ExerciseIntent');
const WRITE_TYPE = intentTypeHash('WriteIntent');
const CLOSE_TYPE = intentTypeHash('CloseIntent');

const KINDS = {
  header: hashText('header'),
  vote: hashText('vote'),
  root: hashText('root'),
  price: hashText('price'),
  registry: hashText('registry'),
  admin: hashText('admin'),
  restore: hashText('restore'),
};

/** What a commitment is about; part of what is signed, so a signature for one kind is none for another. */
export type CommitmentKind = keyof typeof KINDS;

/**
 * The EIP-712 digest that headers, votes, state roots, prices and registry changes are signed by:
 * `Commitment(kind, root)` in the log's domain (design, section 4). 32 bytes.
 */
export function commitmentDigest(logId: Uint8Array, kind: CommitmentKind, root: Uint8Array): Uint8Array {
  const { ofCommitments } = domainsOf(logId);
  return typedDigest(ofCommitments, keccak256Concat(COMMITMENT_TYPE, KINDS[kind], root));
}

/**
 * The EIP-712 digest that all signers of an intent sign, and the operation's id. 32 bytes.
 * @param chainId the rollup of the series' long positions
 * @throws RangeError when a number does not fit its type
 */
export function intentDigest(logId: Uint8Array, chainId: number, intent: Intent): Uint8Array {
  const { ofIntents } = domainsOf(logId);
  let domain = ofIntents.get(chainId);
  if (!domain) {
    domain = keccak256Concat(CHAIN_DOMAIN_TYPE, NAME, VERSION, uint256(chainId), logId);
    ofIntents.set(chainId, domain);
  }
  return typedDigest(domain, intentStructHash(intent));
}

/** The domain separators of a log: of commitments, and of intents by chain id. */
interface Domains {
  logId: Uint8Array;
  ofCommitments: Uint8Array;
  ofIntents: Map<number, Uint8Array>;
}

let lastDomains: Domains | null = null;

/** Those of the last log are remembered: a process follows one. */
function domainsOf(logId: Uint8Array): Domains {
  if (!lastDomains || !equalBytes(lastDomains.logId, logId)) {
    const ofCommitments = keccak256Concat(DOMAIN_TYPE, NAME, VERSION, logId);
    lastDomains = { logId: logId.slice(), ofCommitments, ofIntents: new Map() };
  }
  return lastDomains;
}

function intentStructHash(intent: Intent): Uint8Array {
  switch (intent.selector) {
    case OperationKind.exercise: {
      const { series, holder, backer, quantity, minPriceRound, maxPriceAgeMs, deadlineMs, nonce } = intent.value;
      const words = [uint256(quantity), ...[minPriceRound, maxPriceAgeMs, deadlineMs].map(uint64), uint256(nonce)];
      return keccak256Concat(EXERCISE_TYPE, series, leftPadded(holder), leftPadded(backer), ...words);
    }
    case OperationKind.write: {
      const { series, writer, backer, buyer, quantity, premium, deadlineMs, nonce } = intent.value;
      const words = [uint256(quantity), uint256(premium), uint64(deadlineMs), uint256(nonce)];
      return keccak256Concat(WRITE_TYPE, series, ...[writer, backer, buyer].map(leftPadded), ...words);
    }
    case OperationKind.close: {
      const { series, holder, backer, quantity, payment, deadlineMs, nonce } = intent.value;
      const words = [uint256(quantity), uint256(payment), uint64(deadlineMs), uint256(nonce)];
      return keccak256Concat(CLOSE_TYPE, series, leftPadded(holder), leftPadded(backer), ...words);
    }
  }
}

const PREFIX = Uint8Array.of(0x19, 0x01);
const typedDigest = (domain: Uint8Array, struct: Uint8Array): Uint8Array => keccak256Concat(PREFIX, domain, struct);
