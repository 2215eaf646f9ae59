import { bytesToHex, type Hex } from '#libs/protocol';
import type { Holding } from '../state/holding-table.js';
import type { LedgerState } from '../state/ledger-state.js';

/** All of each asset on this rollup: available, held and locked as collateral. Summed over rollups at one height: I19. */
export function assetTotals(state: LedgerState): Map<Hex, bigint> {
  const totals = new Map<Hex, bigint>();
  for (const row of state.balances) add(totals, row.asset, row);
  for (const row of state.collateral) add(totals, row.asset, row);
  return totals;
}

/** All of each series in one table, held included. */
export function seriesTotals(rows: Iterable<Holding & { series: Uint8Array }>): Map<Hex, bigint> {
  const totals = new Map<Hex, bigint>();
  for (const row of rows) add(totals, row.series, row);
  return totals;
}

function add(totals: Map<Hex, bigint>, id: Uint8Array, { available, held }: Holding): void {
  const key = bytesToHex(id);
  totals.set(key, (totals.get(key) ?? 0n) + available + held);
}
