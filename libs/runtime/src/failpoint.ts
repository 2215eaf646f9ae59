import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';

/**
 * Every named point at which a process can be made to fail, in the order in which work passes them. A point is passed
 * many times; it acts on the hit that it was armed for.
 */
export const FAILPOINTS = {
  /** Sequencer, start: the tables are up to date, genesis is not looked for yet. */
  'tables-migrated': 'sequencer',
  /** Sequencer, start: genesis is in the log; nobody leads yet. */
  'genesis-found': 'sequencer',
  /** Sequencer, takeover: the epoch was raised, the log is not read yet. */
  'epoch-raised': 'sequencer',
  /** Sequencer, takeover: the log is read, nothing was announced or appended yet. */
  'log-read': 'sequencer',
  /** Leader: all votes of an operation are in (or its deadline has passed) and no block with the decision is built. */
  'votes-complete': 'sequencer',
  /** Leader, group commit: any block is signed and not sent to Postgres. */
  'append-unsent': 'sequencer',
  /** Leader: the same, for a block with a PREPARE. */
  'prepare-unsent': 'sequencer',
  /** Leader: the same, for a block with a DECISION. */
  'decision-unsent': 'sequencer',
  /** Leader, group commit: the statement is on its way, its answer is not here. Use `delayMs: 0`: it has left then. */
  'append-unanswered': 'sequencer',
  /** Leader: any block is durable, nothing of it was published. */
  'block-durable': 'sequencer',
  /** Leader: the same, for a block with a PREPARE. */
  'prepare-durable': 'sequencer',
  /** Leader: the same, for a block with a DECISION. */
  'decision-durable': 'sequencer',
  /** Leader: a block was given to NATS, no submitter was told. */
  'block-published': 'sequencer',
  /** Leader: a vote was counted. Passed without waiting, so `delay` holds nothing up here. */
  'vote-counted': 'sequencer',
  /** Executor, start: the store is open, nothing was read from it. */
  'store-opened': 'executor',
  /** Executor: any block is verified and not applied. */
  'block-arrived': 'executor',
  /** Executor: the same, for a block with a DECISION: between posting on one rollup and on another. */
  'decision-arrived': 'executor',
  /** Executor: a block is applied in memory and not stored. */
  'store-unwritten': 'executor',
  /** Executor: a block is stored, nobody was told. */
  'store-written': 'executor',
  /** Executor: a block with a PREPARE for this rollup is stored, its vote was not sent. */
  'vote-unsent': 'executor',
  /** Executor: the vote was given to NATS. */
  'vote-sent': 'executor',
} as const;

export type FailpointName = keyof typeof FAILPOINTS;

/**
 * Arms a failpoint; sent over the IPC channel, or as a JSON list in LOCKSTEP_FAILPOINTS_ARMED for what a process does
 * before it can hear. One at a time for each name: the newest counts.
 */
export interface ArmFailpoint {
  failpoint: FailpointName;
  /** SIGKILL or SIGSTOP to itself, or only a delay. `disarm` takes it back. */
  action: 'kill' | 'stop' | 'delay' | 'disarm';
  /** On which hit from now on, from 1. */
  hit?: number;
  /** How long to wait: at a `delay`, and before the others act. 0 lets what was begun leave the process. */
  delayMs?: number;
}

/** Told to the parent process before a failpoint acts. */
export interface FailpointHit {
  failpointHit: FailpointName;
  action: ArmFailpoint['action'];
}

const armed = new Map<FailpointName, ArmFailpoint & { left: number }>();
let anyArmed = false;

/**
 * A named point at which a test can kill, stop or delay this process. Does nothing unless LOCKSTEP_FAILPOINTS=1 and
 * the parent has armed it: one comparison. Wait for what it returns where the process can wait; without, `kill` and
 * `stop` without `delayMs` act at once all the same.
 */
export function failpoint(name: FailpointName): Promise<void> | undefined {
  return anyArmed ? pass(name) : undefined;
}

function pass(name: FailpointName): Promise<void> | undefined {
  const arm = armed.get(name);
  if (!arm || --arm.left > 0) return undefined;
  disarm(name);
  const hit: FailpointHit = { failpointHit: name, action: arm.action };
  process.send?.(hit); // written to the channel before this returns
  if (arm.delayMs === undefined) {
    if (arm.action !== 'delay') act(arm.action);
    return undefined;
  }
  return wait(arm.delayMs).then(() => act(arm.action));
}

const wait = (ms: number): Promise<unknown> => (ms === 0 ? nextTurn() : delay(ms));

function act(action: ArmFailpoint['action']): void {
  if (action === 'kill') process.kill(process.pid, 'SIGKILL');
  if (action === 'stop') process.kill(process.pid, 'SIGSTOP');
}

function arm(message: unknown): void {
  const request = message as Partial<ArmFailpoint> | null;
  if (!request?.failpoint || !(request.failpoint in FAILPOINTS) || !request.action) return;
  if (request.action === 'disarm') return disarm(request.failpoint);
  armed.set(request.failpoint, { ...(request as ArmFailpoint), left: request.hit ?? 1 });
  anyArmed = true;
}

function disarm(name: FailpointName): void {
  armed.delete(name);
  anyArmed = armed.size > 0;
}

if (process.env.LOCKSTEP_FAILPOINTS === '1') {
  process.on('message', arm);
  process.channel?.unref();
  for (const request of JSON.parse(process.env.LOCKSTEP_FAILPOINTS_ARMED || '[]') as unknown[]) arm(request);
}
