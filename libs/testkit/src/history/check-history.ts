import { checkBlocks, checkEpochs, checkLogTime, checkPrefixes } from './checks/blocks.js';
import { checkSent } from './checks/authors.js';
import { checkAcknowledgedOrder, checkOnce, checkUnknownOutcomes } from './checks/clients.js';
import { checkDrained } from './checks/executors.js';
import { checkAgreement, checkFeeds } from './checks/followers.js';
import { checkKeys } from './checks/keys.js';
import { checkDecisions, checkLiveness, checkPhases, checkVotes } from './checks/operations.js';
import {
  checkConservation,
  checkExercises,
  checkHolds,
  checkPositions,
  checkPostings,
  checkRestored,
  checkReverted,
  checkStateRoots,
  checkWindows,
} from './checks/replayed.js';
import { checkRestores } from './checks/restores.js';
import { checkSequences } from './checks/sequences.js';
import { checkNonces, checkTransactions } from './checks/transactions.js';
import { type Check, type CheckOptions, createContext, openRealLedger } from './check-context.js';
import type { History } from './history.js';
import { INVARIANT_IDS, type InvariantId, INVARIANTS } from './invariants.js';
import type { InvariantReport } from './report.js';

const CHECKS: Readonly<Record<InvariantId, Check>> = {
  I1: checkSequences,
  I2: checkBlocks,
  I3: checkEpochs,
  I4: checkAcknowledgedOrder,
  I5: checkNonces,
  I6: checkPrefixes,
  I7: checkLogTime,
  I8: checkSent,
  I9: checkOnce,
  I10: checkUnknownOutcomes,
  I11: checkRestores,
  I12: checkFeeds,
  I13: checkAgreement,
  I15: checkStateRoots,
  I16: checkPhases,
  I17: checkDecisions,
  I18: checkPostings,
  I19: checkConservation,
  I20: checkHolds,
  I21: checkExercises,
  I22: checkPositions,
  I23: checkWindows,
  I24: checkVotes,
  I25: checkRestored,
  I26: checkLiveness,
  I27: checkDrained,
  I29: checkReverted,
  I31: checkTransactions,
  I32: checkKeys,
};

/** Invariants that are looked at by executing the log again. */
const BY_REPLAY: ReadonlySet<InvariantId> = new Set([
  'I15',
  'I18',
  'I19',
  'I20',
  'I21',
  'I22',
  'I23',
  'I25',
  'I29',
] as const);

/**
 * Checks a history, in time linear in its size (client attempts and deadlines are sorted once). Never throws for what is
 * wrong with the history: that is what the reports say, one for each invariant asked for, in ascending numbers.
 *
 * Where the log makes every honest ledger stop, the invariant at fault fails and those that need the rest of the replay
 * are `incomplete`.
 */
export function checkHistory(history: History, options: CheckOptions = {}): InvariantReport[] {
  const wanted = new Set(options.invariants ?? INVARIANT_IDS);
  const context = createContext(history, {
    invariants: INVARIANT_IDS.filter((id) => wanted.has(id)),
    atRest: options.atRest ?? true,
    clientsComplete: options.clientsComplete ?? false,
    recoverEvery: options.recoverEvery ?? 1,
    openLedger: options.openLedger ?? openRealLedger,
  });
  const { invariants } = context.options;
  const stopped = invariants.some((id) => BY_REPLAY.has(id)) ? context.execution().stopped : null;
  return invariants.map((id) => {
    const tally = CHECKS[id](context);
    if (stopped?.invariant === id) tally.fail(stopped.message, { blockNumber: stopped.blockNumber });
    return tally.report(id, INVARIANTS[id].unit);
  });
}
