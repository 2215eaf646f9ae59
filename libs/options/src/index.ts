export * from './planning/index.js';
export { indexRegistry, type IndexedSeries, type RegistryIndex } from './registry-index.js';
export * from './ledger/block-result.js';
export { LedgerHaltError, type LedgerHaltCode, type LedgerHaltType } from './ledger/halt-error.js';
