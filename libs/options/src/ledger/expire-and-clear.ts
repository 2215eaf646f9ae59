import { assertInvariant, compareBytes } from '#libs/protocol';
import { bytesKey } from '../bytes-key.js';
import type { IndexedSeries } from '../registry-index.js';
import type { Holding } from '../state/holding-table.js';
import { OperationStatus } from '../state/row-types.js';
import type { Row, SlotTable } from '../state/slot-table.js';
import type { SeriesCleared } from './block-result.js';
import type { BlockScope } from './block-scope.js';
import { measureLegs, voidOwnLegs } from './own-legs.js';

/** Voids every hold whose deadline lies before this block, in ascending slots. The operation stays undecided. */
export function expireHolds(block: BlockScope): void {
  const { operations } = block.state;
  if (operations.size === 0) return;
  for (const row of operations) {
    if (row.status !== (OperationStatus.held as number) || row.deadlineMs >= block.timestampMs) continue;
    const { operationId, slot, deadlineMs, legs } = row;
    const amounts = measureLegs(block.state, legs, () => voidOwnLegs(block.state, legs));
    block.result.operationEvents.push({ type: 'expired', operationId, slot, deadlineMs, legs, amounts });
    row.status = OperationStatus.expired;
    row.legs = [];
    operations.touch(row);
  }
}

/**
 * Clears the given series, in ascending ids: longs and exposure lapse, locked collateral goes back to its backer. Their
 * time has come when no PREPARE from within the window can be committed any more, so nothing of them is held.
 */
export function clearSeries(block: BlockScope, due: readonly IndexedSeries[]): void {
  if (due.length === 0) return;
  const { state, result } = block;
  const wanted = new Set(due.map(({ id }) => bytesKey(id)));
  const positions = groupBySeries(state.positions, wanted);
  const exposures = groupBySeries(state.exposures, wanted);
  const collateral = groupBySeries(state.collateral, wanted);
  for (const { id } of [...due].sort((a, b) => compareBytes(a.id, b.id))) {
    const key = bytesKey(id);
    const settlement = state.settlements.get(key);
    if (settlement) {
      state.settlements.free(settlement);
      result.changed = true;
    }
    block.prices.forgetSettlement(id);
    const longs = dropAll(state.positions, positions.get(key));
    const shorts = dropAll(state.exposures, exposures.get(key));
    const returned: SeriesCleared['returned'] = [];
    for (const row of collateral.get(key) ?? []) {
      const { backer, asset } = row;
      const amount = dropAll(state.collateral, [row]);
      state.creditBalance(backer, asset, amount);
      returned.push({ backer, asset, amount });
    }
    if (longs > 0n || shorts > 0n || returned.length > 0) {
      result.operationEvents.push({ type: 'cleared', series: id, longs, shorts, returned });
    }
  }
}

function groupBySeries<V extends { series: Uint8Array }>(
  table: SlotTable<V>,
  wanted: ReadonlySet<string>,
): Map<string, Row<V>[]> {
  const groups = new Map<string, Row<V>[]>();
  for (const row of table) {
    const key = bytesKey(row.series);
    if (!wanted.has(key)) continue;
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return groups;
}

/** Frees rows and returns what was in them together. */
function dropAll<V extends Holding>(table: SlotTable<V>, rows: readonly Row<V>[] = []): bigint {
  let total = 0n;
  for (const row of rows) {
    assertInvariant(row.held === 0n, 'I20: nothing of a series is held when it is cleared');
    total += row.available;
    table.free(row);
  }
  return total;
}
