import { type PreparedOperation, type RecoverAddress, voteDigest } from '#libs/atomic-commit';
import { requiredSigners } from '#libs/options';
import {
  AdminCommand,
  type AdminCommandName,
  commitmentDigest,
  equalBytes,
  type Genesis,
  type Intent,
  intentDigest,
  logId as logIdOf,
  OperationKind,
  Price,
  PROTOCOL_VERSION,
  Reason,
  type RegistryAction,
  RegistryChange,
  seriesId,
  type SeriesTerms,
  SignedAdminCommand,
  SignedPrice,
  SignedRegistryChange,
  SignedStateRoot,
  type SignedVote,
  StateRoot,
  type Vote,
} from '#libs/protocol';
import { LogState } from '../log-state.js';

/** A small log for the engine's tests: two rollups, two series. Signatures are stand-ins: `recover` is a port. */

/** A made-up address that is easy to tell from others: `n` in every byte. */
export const address = (n: number): Uint8Array => new Uint8Array(20).fill(n);
/** 32 bytes, likewise. */
export const word = (n: number): Uint8Array => new Uint8Array(32).fill(n);

/** Long positions and exposure are kept on A, collateral and settlement on B. */
export const [A, B]: [number, number] = [101, 102];
export const [ETH, USD] = [address(0xe0), address(0xd0)];
export const [ALICE, BOB, MALLORY] = [address(0xa1), address(0xb1), address(0x66)];
export const REGISTRY_KEY = address(0xc1);
export const PRICE_KEY = address(0xc0);
export const SEQUENCER_KEY = address(0x5e);
export const votingKey = (chainId: number): Uint8Array => address(chainId);
export const replicaKey = (chainId: number): Uint8Array => address(chainId + 100);

export const START_MS = 1_000_000;
export const EXPIRY_MS = 2_000_000;
export const PREPARE_MS_MAX = 10_000;
const ONE_USD = 10n ** 6n;

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

const terms = (isPut: boolean): SeriesTerms => ({
  underlying: ETH,
  quote: USD,
  strike: 2_000n * ONE_USD,
  expiryMs: EXPIRY_MS,
  exerciseWindowMs: 0,
  isPut,
  isEuropean: false,
  isPhysical: false,
  positionChainId: A,
  exposureChainId: A,
  collateralChainId: B,
  settlementChainId: B,
});
export const CALL = terms(false);
export const PUT = terms(true);

export const genesis: Genesis = {
  version: PROTOCOL_VERSION,
  registry: {
    protocolVersion: PROTOCOL_VERSION,
    changeCount: 0,
    registryKey: REGISTRY_KEY,
    sequencerKeys: [SEQUENCER_KEY],
    rollups: [A, B].map((chainId) => ({
      chainId,
      name: text(`rollup ${chainId}`),
      votingKey: votingKey(chainId),
      replicaKeys: [replicaKey(chainId)],
      paused: false,
      quarantined: false,
    })),
    assets: [
      { address: ETH, symbol: text('ETH'), decimals: 18 },
      { address: USD, symbol: text('USD'), decimals: 6 },
    ],
    pools: [],
    markets: [{ underlying: ETH, quote: USD, priceKey: PRICE_KEY }],
    series: [CALL, PUT].map((of) => ({ terms: of, delisted: false })),
  },
  balances: [],
  nativeAsset: ETH,
  feeAccount: address(0xfe),
  prepareMsMax: PREPARE_MS_MAX,
  randomness: word(7),
  startTimeMs: START_MS,
};
export const LOG_ID = logIdOf(genesis);

/** The registry with both rollups paused, or not. */
export const pausedRegistry = (paused: boolean): Genesis['registry'] => ({
  ...genesis.registry,
  rollups: genesis.registry.rollups.map((rollup) => ({ ...rollup, paused })),
});

/** A stub signature names its signer and what was signed; {@link recover} takes no other. */
export function sign(signer: Uint8Array, digest: Uint8Array): Uint8Array {
  const signature = new Uint8Array(65);
  signature.set(signer);
  signature.set(digest, 20);
  return signature;
}

export const recover: RecoverAddress = (digest, signature) =>
  equalBytes(signature.subarray(20, 52), digest) ? signature.slice(0, 20) : null;

export const newState = (): LogState => new LogState(genesis, recover);

/** Alice writes a call for Bob. Both rollups take part. */
export const writeIntent = (nonce: bigint, over: Partial<Record<string, unknown>> = {}): Intent => ({
  selector: OperationKind.write,
  value: {
    ...{ series: seriesId(CALL), writer: ALICE, backer: ALICE, buyer: BOB, quantity: 5n, premium: 1n },
    ...{ deadlineMs: 2n ** 50n, nonce },
    ...over,
  },
});

/** Alice, as a holder, closes what Bob backs. */
export const closeIntent = (nonce: bigint): Intent => ({
  selector: OperationKind.close,
  value: {
    ...{ series: seriesId(CALL), holder: ALICE, backer: BOB, quantity: 5n, payment: 1n },
    ...{ deadlineMs: 2n ** 50n, nonce },
  },
});

export const operationIdOf = (intent: Intent): Uint8Array => intentDigest(LOG_ID, A, intent);

export const signaturesOf = (intent: Intent, registry = genesis.registry): Uint8Array[] =>
  requiredSigners(intent, registry).map((signer) => sign(signer, operationIdOf(intent)));

/** A vote for a prepared operation, by its rollup's voting key. */
export function voteFor(operation: PreparedOperation, chainId: number, over: Partial<Vote> = {}): SignedVote {
  const { operationId, prepareId, prepareBlockHash } = operation;
  const vote: Vote = {
    ...{ logId: LOG_ID, prepareBlockHash, operationId, prepareId, chainId, yes: true, reason: Reason.none },
    ...{ laneSequence: 0n, sharedLaneSequence: 1n, stateRoot: word(1), clock: [] },
    ...over,
  };
  return { vote, signature: sign(votingKey(chainId), voteDigest(vote)) };
}

/** An operation that the log has prepared and not decided, without the entries that say so. */
export const preparedOperation = (n: number, deadlineMs: number): PreparedOperation => ({
  operationId: word(n),
  prepareId: word(n + 1),
  prepareBlockHash: word(n + 2),
  deadlineMs,
  participants: [A, B].map((chainId) => ({ chainId, votingKey: votingKey(chainId) })),
});

export function signedPrice(round: bigint, over: Partial<Price> = {}, signer = PRICE_KEY): Uint8Array {
  const price: Price = { underlying: ETH, quote: USD, round, price: 2_500n * ONE_USD, observedAtMs: 0, ...over };
  const signature = sign(signer, commitmentDigest(LOG_ID, 'price', Price.hashTreeRoot(price)));
  return SignedPrice.serialize({ price, signature });
}

export function signedChange(
  selector: RegistryAction,
  value: unknown,
  nonce: number,
  signer = REGISTRY_KEY,
): Uint8Array {
  const change = { nonce, action: { selector, value } } as RegistryChange;
  const signature = sign(signer, commitmentDigest(LOG_ID, 'registry', RegistryChange.hashTreeRoot(change)));
  return SignedRegistryChange.serialize({ change, signature });
}

export function signedCommand(
  name: AdminCommandName,
  over: { issuedAtMs?: number; nonce?: number; argument?: Uint8Array; signer?: Uint8Array; logId?: Uint8Array } = {},
): Uint8Array {
  const { issuedAtMs = START_MS, nonce = 1, argument = new Uint8Array(), signer = REGISTRY_KEY, logId = LOG_ID } = over;
  const command: AdminCommand = { command: text(name), argument, issuedAtMs, nonce: word(nonce) };
  const signature = sign(signer, commitmentDigest(logId, 'admin', AdminCommand.hashTreeRoot(command)));
  return SignedAdminCommand.serialize({ command, signature });
}

export function signedRoot(number: number, over: Partial<StateRoot> = {}, signer?: Uint8Array): Uint8Array {
  const stateRoot: StateRoot = { logId: LOG_ID, chainId: A, number, blockHash: word(2), root: word(3), ...over };
  const signature = sign(
    signer ?? votingKey(stateRoot.chainId),
    commitmentDigest(LOG_ID, 'root', StateRoot.hashTreeRoot(stateRoot)),
  );
  return SignedStateRoot.serialize({ stateRoot, signature });
}
