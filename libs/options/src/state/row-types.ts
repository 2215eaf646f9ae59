import { ListCompositeType } from '@chainsafe/ssz';
import {
  ContainerType,
  Address,
  Bytes32,
  ClockEntry,
  Leg,
  LEGS_MAX,
  PARTICIPANTS_MAX,
  Uint256,
  Uint53,
  Uint64,
  Uint8,
  type ValueOf,
} from '#libs/protocol';

/** Rows that any list of the state can hold; part of the state root's shape, so fixed for a log's life. */
const ROWS_MAX = 2 ** 32;

/** The next nonce of an account. Never freed: else a transaction could be repeated. */
export const NonceRow = new ContainerType({ address: Address, nonce: Uint64 }, { typeName: 'NonceRow' });
export type NonceRow = ValueOf<typeof NonceRow>;

/** What an account, a pool or the fee account owns of an asset. */
export const BalanceRow = new ContainerType(
  { owner: Address, asset: Address, available: Uint256, held: Uint256 },
  { typeName: 'BalanceRow' },
);
export type BalanceRow = ValueOf<typeof BalanceRow>;

/** A long position: options of a series that a backer owes to a holder. */
export const PositionRow = new ContainerType(
  { holder: Address, series: Bytes32, backer: Address, available: Uint256, held: Uint256 },
  { typeName: 'PositionRow' },
);
export type PositionRow = ValueOf<typeof PositionRow>;

/** A short: what a backer owes to all holders of a series together. */
export const ExposureRow = new ContainerType(
  { series: Bytes32, backer: Address, available: Uint256, held: Uint256 },
  { typeName: 'ExposureRow' },
);
export type ExposureRow = ValueOf<typeof ExposureRow>;

/** Collateral that a backer has locked for a series; `available` is what no undecided operation holds. */
export const CollateralRow = new ContainerType(
  { series: Bytes32, backer: Address, asset: Address, available: Uint256, held: Uint256 },
  { typeName: 'CollateralRow' },
);
export type CollateralRow = ValueOf<typeof CollateralRow>;

/**
 * Where this rollup stands with an undecided operation:
 *
 * ```
 *            takes no part ──► observed ──┐
 *  PREPARE ─ says no ────────► refused ───┤ DECISION
 *            says yes ───────► held ──────┼──────────► (freed)
 *                               │ deadline│
 *                               └► expired┘
 * ```
 * COMMIT is possible from held and observed alone; ABORT from all, and voids what is held.
 */
export enum OperationStatus {
  observed = 1,
  held = 2,
  refused = 3,
  expired = 4,
}

const ParticipantRow = new ContainerType({ chainId: Uint53, votingKey: Address }, { typeName: 'ParticipantRow' });

/** An undecided operation. `legs` are the own ones, credits included, while they are held. */
export const OperationRow = new ContainerType(
  {
    operationId: Bytes32,
    prepareId: Bytes32,
    prepareBlockHash: Bytes32,
    kind: Uint8,
    deadlineMs: Uint53,
    participants: new ListCompositeType(ParticipantRow, PARTICIPANTS_MAX),
    legs: new ListCompositeType(Leg, LEGS_MAX),
    status: Uint8,
    reason: Uint8,
  },
  { typeName: 'OperationRow' },
);
export type OperationRow = ValueOf<typeof OperationRow>;

/** The newest round of a market. */
export const PriceRow = new ContainerType(
  { underlying: Address, quote: Address, round: Uint64, price: Uint256, timestampMs: Uint53 },
  { typeName: 'PriceRow' },
);
export type PriceRow = ValueOf<typeof PriceRow>;

/** The settlement price of a European series that is not cleared yet. */
export const SettlementRow = new ContainerType(
  { series: Bytes32, round: Uint64, price: Uint256, timestampMs: Uint53 },
  { typeName: 'SettlementRow' },
);
export type SettlementRow = ValueOf<typeof SettlementRow>;

/** The state of one rollup's ledger. Its SSZ root is the rollup's state root. */
export const LedgerStateType = new ContainerType(
  {
    nonces: new ListCompositeType(NonceRow, ROWS_MAX),
    balances: new ListCompositeType(BalanceRow, ROWS_MAX),
    positions: new ListCompositeType(PositionRow, ROWS_MAX),
    exposures: new ListCompositeType(ExposureRow, ROWS_MAX),
    collateral: new ListCompositeType(CollateralRow, ROWS_MAX),
    operations: new ListCompositeType(OperationRow, ROWS_MAX),
    prices: new ListCompositeType(PriceRow, ROWS_MAX),
    settlements: new ListCompositeType(SettlementRow, ROWS_MAX),
    clock: new ListCompositeType(ClockEntry, ROWS_MAX),
  },
  { typeName: 'LedgerState' },
);
export type TableName = keyof typeof LedgerStateType.fields;
