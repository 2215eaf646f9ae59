import fc from 'fast-check';
import {
  type ClockEntry,
  type Decision,
  type Intent,
  LegAccount,
  LegDirection,
  OperationKind,
  Outcome,
  type Prepare,
  type SignedVote,
  type Vote,
} from '../operation.js';
import { type Header } from '../header.js';
import { LANE_PROOF_LENGTH } from '../lane.js';
import { type SignedPrice } from '../price.js';
import { Reason } from '../reason.js';
import { RegistryAction, type SeriesTerms, type SignedRegistryChange } from '../registry.js';
import { type LaneSlice, type Slice } from '../slice.js';
import { type SignedStateRoot } from '../state-root.js';

/** Random values of the protocol's types, for property tests. */

export const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });
export const address = bytes(20);
export const bytes32 = bytes(32);
export const signature = bytes(65);
export const uint8 = fc.nat(255);
export const uint32 = fc.nat(0xffffffff);
export const uint53 = fc.maxSafeNat();
export const uint64 = fc.bigInt(0n, 2n ** 64n - 1n);
export const uint256 = fc.bigInt(0n, 2n ** 256n - 1n);
const enumValues = (names: object): fc.Arbitrary<number> =>
  fc.constantFrom(...Object.values(names).filter((value): value is number => typeof value === 'number'));

export const exerciseIntent: fc.Arbitrary<Intent> = fc.record({
  selector: fc.constant(OperationKind.exercise as const),
  value: fc.record({
    series: bytes32,
    holder: address,
    backer: address,
    quantity: uint256,
    minPriceRound: uint64,
    maxPriceAgeMs: uint64,
    deadlineMs: uint64,
    nonce: uint256,
  }),
});

export const writeIntent: fc.Arbitrary<Intent> = fc.record({
  selector: fc.constant(OperationKind.write as const),
  value: fc.record({
    series: bytes32,
    writer: address,
    backer: address,
    buyer: address,
    quantity: uint256,
    premium: uint256,
    deadlineMs: uint64,
    nonce: uint256,
  }),
});

export const closeIntent: fc.Arbitrary<Intent> = fc.record({
  selector: fc.constant(OperationKind.close as const),
  value: fc.record({
    series: bytes32,
    holder: address,
    backer: address,
    quantity: uint256,
    payment: uint256,
    deadlineMs: uint64,
    nonce: uint256,
  }),
});

export const intent: fc.Arbitrary<Intent> = fc.oneof(exerciseIntent, writeIntent, closeIntent);

export const prepare: fc.Arbitrary<Prepare> = fc.record({
  operationId: bytes32,
  intent,
  signatures: fc.array(signature, { maxLength: 4 }),
  participants: fc.array(uint53, { maxLength: 8 }),
  legs: fc.array(
    fc.record({
      chainId: uint53,
      direction: enumValues(LegDirection),
      account: enumValues(LegAccount),
      owner: address,
      subject: bytes32,
      backer: address,
      amount: uint256,
    }),
    { maxLength: 16 },
  ),
  priceRound: uint64,
  payout: uint256,
  deadlineMs: uint53,
});

const clockEntry: fc.Arbitrary<ClockEntry> = fc.record({ chainId: uint53, laneSequence: uint64 });

export const vote: fc.Arbitrary<Vote> = fc.record({
  logId: bytes32,
  prepareBlockHash: bytes32,
  operationId: bytes32,
  prepareId: bytes32,
  chainId: uint53,
  yes: fc.boolean(),
  reason: enumValues(Reason),
  laneSequence: uint64,
  sharedLaneSequence: uint64,
  stateRoot: bytes32,
  clock: fc.array(clockEntry, { maxLength: 5 }),
});

export const signedVote: fc.Arbitrary<SignedVote> = fc.record({ vote, signature });

export const decision: fc.Arbitrary<Decision> = fc.record({
  operationId: bytes32,
  prepareId: bytes32,
  outcome: enumValues(Outcome),
  reason: enumValues(Reason),
  votes: fc.array(signedVote, { maxLength: 4 }),
  auditId: uint64,
});

export const signedPrice: fc.Arbitrary<SignedPrice> = fc.record({
  price: fc.record({ underlying: address, quote: address, round: uint64, price: uint256, observedAtMs: uint53 }),
  signature,
});

export const signedStateRoot: fc.Arbitrary<SignedStateRoot> = fc.record({
  stateRoot: fc.record({ logId: bytes32, chainId: uint53, number: uint53, blockHash: bytes32, root: bytes32 }),
  signature,
});

export const seriesTerms: fc.Arbitrary<SeriesTerms> = fc.record({
  underlying: address,
  quote: address,
  strike: uint256,
  expiryMs: uint53,
  exerciseWindowMs: uint53,
  isPut: fc.boolean(),
  isEuropean: fc.boolean(),
  isPhysical: fc.boolean(),
  positionChainId: uint53,
  exposureChainId: uint53,
  collateralChainId: uint53,
  settlementChainId: uint53,
});

const keyChange = fc.record({ role: uint8, chainId: uint53, previous: address, next: address });
const newRollup = fc.record({
  chainId: uint53,
  name: fc.uint8Array({ maxLength: 32 }),
  votingKey: address,
  replicaKeys: fc.array(address, { maxLength: 8 }),
});
const rollupFlag = fc.record({ chainId: uint53, value: fc.boolean() });

export const signedRegistryChange: fc.Arbitrary<SignedRegistryChange> = fc.record({
  change: fc.record({
    nonce: uint53,
    action: fc.oneof(
      fc.record({ selector: fc.constant<number>(RegistryAction.LIST_SERIES), value: seriesTerms }),
      fc.record({ selector: fc.constant<number>(RegistryAction.DELIST_SERIES), value: bytes32 }),
      fc.record({ selector: fc.constant<number>(RegistryAction.SET_ROLLUP_PAUSED), value: rollupFlag }),
      fc.record({ selector: fc.constant<number>(RegistryAction.SET_ROLLUP_QUARANTINED), value: rollupFlag }),
      fc.record({ selector: fc.constant<number>(RegistryAction.SET_KEY), value: keyChange }),
      fc.record({ selector: fc.constant<number>(RegistryAction.REGISTER_ROLLUP), value: newRollup }),
    ),
  }),
  signature,
});

export const header: fc.Arbitrary<Header> = fc.record({
  version: uint32,
  logId: bytes32,
  number: uint53,
  parentHash: bytes32,
  epoch: uint53,
  timestamp: uint53,
  firstSequence: uint64,
  entryCount: uint32,
  lanesRoot: bytes32,
  registryRoot: bytes32,
  leader: address,
});

const laneSlice: fc.Arbitrary<LaneSlice> = fc.record({
  chainId: uint53,
  index: uint8,
  firstLaneSequence: uint64,
  entries: fc.array(fc.record({ sequence: uint64, sender: address, bytes: fc.uint8Array({ maxLength: 40 }) }), {
    maxLength: 4,
  }),
  proof: fc.array(bytes32, { maxLength: LANE_PROOF_LENGTH }),
});

export const slice: fc.Arbitrary<Slice> = fc.record({ header, signature, shared: laneSlice, own: laneSlice });
