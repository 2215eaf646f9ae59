export * from './planning/index.js';
export { indexRegistry, type IndexedSeries, type RegistryIndex } from './registry-index.js';
export * from './ledger/block-result.js';
export { LedgerHaltError, type LedgerHaltCode, type LedgerHaltType } from './ledger/halt-error.js';
export { LedgerGenesisError } from './ledger/genesis-balances.js';
export { Ledger, type LedgerPorts } from './ledger/ledger.js';
export { LedgerLoadError, type StoredChange, type StoredRecord } from './ledger/stored-records.js';
export { OPTIONS_MARKET_ABI, OPTIONS_MARKET_ADDRESS } from './market/abi.js';
export type { Call } from './market/execute-call.js';
export type { CallResult } from './market/simulate-call.js';
export { encodeRevert } from './market/words.js';
export type { Holding } from './state/holding-table.js';
export {
  type BalanceRow,
  type CollateralRow,
  type ExposureRow,
  LedgerStateType,
  type OperationRow,
  OperationStatus,
  type PositionRow,
  type TableName,
} from './state/row-types.js';
export type { StateHasher } from './state/state-tree.js';
