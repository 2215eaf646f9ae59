import { indexRegistry } from '#libs/options';
import { bytesToHex, findRollup, OperationKind } from '#libs/protocol';
import type { Check, CheckContext } from '../check-context.js';
import { describeStop } from '../replay/replay-log.js';
import { type Execution, heightKey, type ReplayInvariant } from '../replay/execution.js';
import { Tally } from '../report.js';
import { addStatedTotals, addStatedUndecided } from './executors.js';

/** What the replay found of an invariant, followed by `after`, which looks at more. */
function replayed(invariant: ReplayInvariant, after?: (context: CheckContext, tally: Tally) => void): Check {
  return (context) => {
    const execution = context.execution();
    const tally = new Tally().add(execution.tally(invariant));
    if (execution.stopped) tally.incomplete = describeStop(execution.stopped);
    after?.(context, tally);
    return tally;
  };
}

export const checkPostings = replayed('I18');
/** I19: see the replay's ConservationCheck; what executors state is compared with the replay, and added up. */
export const checkConservation = replayed('I19', addStatedTotals);
/** I20: see the replay's OperationTracker; at rest no executor states an undecided operation. */
export const checkHolds = replayed('I20', addStatedUndecided);
export const checkExercises = replayed('I21', ({ index }, tally) => {
  tally.checked = 0;
  for (const { operationId, prepare } of index.prepares) {
    const decided = (index.operations.get(operationId)?.decisions.length ?? 0) > 0;
    if (decided && prepare.intent.selector === OperationKind.exercise) tally.look();
  }
});
export const checkPositions = replayed('I22');
export const checkRestored = replayed('I25');
export const checkReverted = replayed('I29');

/** I23: no exercise PREPARE lies outside its series' window; the replay sees to it that collateral is released after. */
export const checkWindows = replayed('I23', ({ index }, tally) => {
  for (const { prepare, block, entry, operationId } of index.prepares) {
    if (prepare.intent.selector !== OperationKind.exercise) continue;
    const series = indexRegistry(block.registry).series(prepare.intent.value.series);
    const opensMs = series?.terms.isEuropean ? series.terms.expiryMs : 0;
    const inWindow = series && block.timestampMs >= opensMs && block.timestampMs <= series.windowEndMs;
    tally.expect(
      inWindow === true,
      () => {
        const window = series ? `${opensMs} to ${series.windowEndMs}` : 'none: its series is not listed';
        return `exercise ${operationId} is prepared at ${block.timestampMs}; its window is ${window}`;
      },
      { entries: [entry] },
    );
  }
});

/**
 * I15: the roots in the log and those that executors state are what the replay gives at their heights. One that the run
 * itself had signed wrong is followed by its rollup's quarantine instead.
 */
export const checkStateRoots: Check = (context) => {
  const { index, history } = context;
  const execution = context.execution();
  const tally = new Tally();
  for (const { signed, entry, block } of index.roots) {
    const { chainId, number, root, blockHash } = signed.stateRoot;
    const stated = index.byNumber.get(number)?.hash ?? index.logId;
    const concerned = { entries: [entry] };
    if (number >= block.number) tally.fail(`a root of block ${number} stands in block ${block.number}`, concerned);
    if (bytesToHex(blockHash) !== bytesToHex(stated)) {
      tally.fail(`a root of ${chainId} names block ${bytesToHex(blockHash)} at height ${number}`, concerned);
    }
    if (history.wrongRoots?.includes(bytesToHex(root))) {
      const isQuarantined = index.blocks.some(
        (later) => later.number > block.number && findRollup(later.registry, chainId)?.quarantined,
      );
      tally.expect(isQuarantined, () => `after a wrong root in block ${block.number} ${chainId} goes on`, concerned);
      continue;
    }
    compareRoot(tally, execution, { chainId, number, root: bytesToHex(root), who: `state root ${entry.sequence}` });
  }
  for (const { name, chainId, number, stateRoot } of history.executors ?? []) {
    if (stateRoot === undefined) continue;
    compareRoot(tally, execution, { chainId, number, root: stateRoot, who: name });
  }
  return tally;
};

function compareRoot(
  tally: Tally,
  execution: Execution,
  { chainId, number, root, who }: { chainId: number; number: number; root: string; who: string },
): void {
  const replayedRoot = execution.roots.get(heightKey(chainId, number));
  if (replayedRoot === undefined) {
    const why = execution.stopped
      ? describeStop(execution.stopped)
      : `the log has no block ${number} or rollup ${chainId}`;
    tally.incomplete ??= why;
    return;
  }
  tally.expect(
    replayedRoot === root,
    () => `${who} says ${root} for ${chainId} after block ${number}; the replay gives ${replayedRoot}`,
    { blockNumber: number, party: who },
  );
}
