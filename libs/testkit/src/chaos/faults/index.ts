import type { Row } from '../plan/cells.js';
import type { Fault } from './chaos-context.js';
import { executorLost } from './executors.js';
import { leaderKilled, leaderPaused, takeoverKilled } from './leader.js';
import { wallClock, windowEnds } from './log-time.js';
import { deadlineRace, executorSaysNo, forgedVotes, messagesMixed } from './messages.js';
import { natsLost } from './nats.js';
import { postgresFrozen, postgresKilled, postgresStuck } from './postgres.js';
import { rootMismatch } from './root-mismatch.js';
import { slowSubscriber } from './slow-subscriber.js';

/** What brings about each row of the matrix. First starts are killed as a network begins: see first-start.ts. */
export const FAULTS: Readonly<Record<Row, Fault>> = {
  leaderKilled,
  leaderPaused,
  postgresKilled,
  postgresStuck,
  postgresFrozen,
  startKilled: takeoverKilled,
  natsLost,
  messagesMixed,
  executorLost,
  executorSaysNo,
  deadlineRace,
  wallClock,
  forgedVotes,
  rootMismatch,
  windowEnds,
  slowSubscriber,
};
export type { ChaosContext, Fault, FaultResult } from './chaos-context.js';
export { MessageRecorder } from './message-recorder.js';
