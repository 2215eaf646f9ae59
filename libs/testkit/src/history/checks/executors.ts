import { bytesToHex, type Hex } from '#libs/protocol';
import type { Check, CheckContext } from '../check-context.js';
import type { ExecutorState } from '../history.js';
import { describeStop } from '../replay/replay-log.js';
import { heightKey } from '../replay/execution.js';
import { addTo } from '#libs/audit';
import { Tally } from '../report.js';
import { undecidedAt } from './operations.js';

/** Adds to I19: totals that executors state are those of the replay; where all rollups state one height, genesis'. */
export function addStatedTotals(context: CheckContext, tally: Tally): void {
  const executors = context.history.executors ?? [];
  for (const executor of executors) {
    const { name: party, chainId, number, totals, longs, shorts } = executor;
    if (!(totals ?? longs ?? shorts)) continue;
    const execution = context.execution();
    const replayed = execution.totals.get(heightKey(chainId, number));
    if (!replayed) {
      tally.incomplete ??= execution.stopped ? describeStop(execution.stopped) : `${party} is at block ${number}`;
      continue;
    }
    const fault =
      firstDifference('asset', totals, replayed.assets) ??
      firstDifference('longs of series', longs, replayed.longs) ??
      firstDifference('shorts of series', shorts, replayed.shorts);
    if (fault) tally.fail(`${party} after block ${number}: ${fault}`, { party, blockNumber: number });
  }
  addLiveSums(context, executors, tally);
}

function firstDifference(
  what: string,
  stated: ReadonlyMap<Hex, bigint> | undefined,
  replayed: ReadonlyMap<Hex, bigint>,
): string | null {
  if (!stated) return null;
  for (const id of new Set([...stated.keys(), ...replayed.keys()])) {
    const [says, gives] = [stated.get(id) ?? 0n, replayed.get(id) ?? 0n];
    if (says !== gives) return `${what} ${id} comes to ${says}, the replay gives ${gives}`;
  }
  return null;
}

/** Without any replay: what one executor of each rollup states at one height adds up to what genesis gave out. */
function addLiveSums({ history, index }: CheckContext, executors: readonly ExecutorState[], tally: Tally): void {
  const { registry, balances } = history.log.genesis;
  const byHeight = new Map<number, Map<number, ExecutorState>>();
  for (const executor of executors) {
    if (!executor.totals) continue;
    const rollups = byHeight.get(executor.number) ?? new Map<number, ExecutorState>();
    byHeight.set(executor.number, rollups);
    if (!rollups.has(executor.chainId)) rollups.set(executor.chainId, executor);
  }
  const supply = new Map<Hex, bigint>();
  for (const { asset, amount } of balances) addTo(supply, bytesToHex(asset), amount);
  for (const [blockNumber, rollups] of byHeight) {
    const { rollups: due } = index.byNumber.get(blockNumber)?.registry ?? registry;
    if (!due.every(({ chainId }) => rollups.has(chainId))) continue;
    const sums = new Map<Hex, bigint>();
    for (const { totals } of rollups.values()) for (const [asset, amount] of totals!) addTo(sums, asset, amount);
    const fault = firstDifference('asset', sums, supply);
    tally.expect(!fault, () => `all executors after block ${blockNumber}: ${fault}`, { blockNumber });
  }
}

/** Adds to I20: executors state the undecided operations that the log has at their height; at rest there are none. */
export function addStatedUndecided({ index, history, options }: CheckContext, tally: Tally): void {
  for (const { name: party, number, undecided } of history.executors ?? []) {
    if (!undecided) continue;
    const due = undecidedAt(index.operations, number);
    const wrong = undecided.find((id) => !due.has(id)) ?? [...due].find((id) => !undecided.includes(id));
    tally.expect(
      wrong === undefined,
      () => `${party} and the log differ on whether ${wrong} is undecided after block ${number}`,
      { party, blockNumber: number },
    );
    if (options.atRest && undecided.length > 0) {
      tally.fail(`${party} has ${undecided.length} undecided operations at rest, first ${undecided[0]}`, { party });
    }
  }
}

/** I27, as far as a history tells: at rest every executor has applied the whole log. */
export const checkDrained: Check = ({ index, history, options }) => {
  const tally = new Tally();
  if (!options.atRest) return tally;
  const head = index.blocks.at(-1)?.number ?? 0;
  for (const { name: party, number } of history.executors ?? []) {
    tally.expect(number === head, () => `${party} is at block ${number} at rest, the log at ${head}`, {
      party,
      blockNumber: number,
    });
  }
  return tally;
};
