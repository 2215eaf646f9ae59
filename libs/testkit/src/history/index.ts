export type { CheckOptions } from './check-context.js';
export { checkHistory } from './check-history.js';
export { type AskedExecutor, statesAtOneHeight } from './executor-states.js';
export * as historyFixtures from './fixtures/index.js';
export { formatReports, invariantFlags } from './format-reports.js';
export { readLogFrom, type StateJson } from './from-network.js';
export { handedBlock } from './handed-block.js';
export type {
  ClientAttempt,
  EarlierLog,
  ExecutorState,
  FollowerHistory,
  FollowerRestart,
  HandedBlock,
  History,
  HistoryLog,
} from './history.js';
export { INVARIANT_IDS, type InvariantId, INVARIANTS, NOT_IN_A_HISTORY } from './invariants.js';
export { type HistoryReader, readHistoryLog } from './read-history-log.js';
export type { ReplayLedger } from './replay/execution.js';
export type { EntryReference, InvariantReport, InvariantStatus, Violation } from './report.js';
