import { assertInvariant, LockstepError, Registry } from '#libs/protocol';
import type { PriceBook } from '../planning/price-book.js';
import type { LedgerState } from '../state/ledger-state.js';
import type { TableName } from '../state/row-types.js';
import { TABLE_NAMES } from '../state/state-tree.js';
import { LedgerMeta, META_VERSION } from './ledger-meta.js';

/** The registry in force in the next block is stored like a table of one slot: it is large and changes seldom. */
export const REGISTRY_TABLE = 'registry';

/** A record to write: the SSZ bytes of a slot, or null to delete it. */
export interface StoredChange {
  table: TableName | typeof REGISTRY_TABLE;
  slot: number;
  bytes: Uint8Array | null;
}

/** A record read back. */
export interface StoredRecord {
  table: string;
  slot: number;
  bytes: Uint8Array;
}

/** A store that does not belong to this ledger, or cannot be read. */
export class LedgerLoadError extends LockstepError<
  { code: 'LEDGER_STORE_VERSION'; version: number } | { code: 'LEDGER_STORE_FOREIGN' } | { code: 'LEDGER_STORE_BROKEN' }
> {}

/** All slots of the tables that changed since the last call. */
export function takeTableChanges(state: LedgerState): StoredChange[] {
  const changes: StoredChange[] = [];
  for (const table of TABLE_NAMES) {
    for (const { slot, bytes } of state.table(table).takeUnstored()) changes.push({ table, slot, bytes });
  }
  return changes;
}

/** Reads the meta record. @throws LedgerLoadError */
export function readMeta(bytes: Uint8Array): LedgerMeta {
  const version = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
  if (version !== META_VERSION) {
    throw new LedgerLoadError(
      { code: 'LEDGER_STORE_VERSION', version },
      `The ledger was stored in version ${version}, this program reads version ${META_VERSION}.`,
      'Delete the store and replay the log.',
    );
  }
  return LedgerMeta.deserialize(bytes);
}

/**
 * Fills empty tables from what was stored.
 * @returns the stored registry; null when none was, that is before the first change
 */
export function loadTables(state: LedgerState, meta: LedgerMeta, records: Iterable<StoredRecord>): Registry | null {
  const byTable = new Map<string, StoredRecord[]>();
  let registry: Registry | null = null;
  for (const record of records) {
    if (record.table === REGISTRY_TABLE) {
      registry = Registry.deserialize(record.bytes);
      continue;
    }
    const group = byTable.get(record.table);
    if (group) group.push(record);
    else byTable.set(record.table, [record]);
  }
  assertInvariant(meta.lengths.length === TABLE_NAMES.length, 'I12: the store knows every table');
  for (const [place, name] of TABLE_NAMES.entries()) {
    state.table(name).load(meta.lengths[place]!, byTable.get(name) ?? []);
  }
  return registry;
}

/** Fills an empty price book from the tables. */
export function loadPrices(prices: PriceBook, state: LedgerState): void {
  for (const { underlying, quote, round, price, timestampMs } of state.prices) {
    prices.setLatest(underlying, quote, { round, price, timestampMs });
  }
  for (const { series, round, price, timestampMs } of state.settlements) {
    prices.setSettlement(series, { round, price, timestampMs });
  }
}
