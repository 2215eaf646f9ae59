import { z } from 'zod';
import { missing } from '../schema/missing.js';
import { address, blockNumber, chainId, count, decimal, hash, logTime, wallTime } from '../schema/scalars.js';

export const executorHealth = z
  .enum(['healthy', 'lagging', 'replaying', 'regressed', 'disputed', 'halted', 'silent', 'unknown'])
  .describe(
    '`silent`: not heard of for three seconds. `unknown`: a replica that this process never heard of; it need not run. `halted`: it refuses to go on, with evidence. `regressed`: it lost what it had applied and votes no more until that is replayed. `disputed`: a replica came to another state root; it votes no more until quarantined and released. `lagging`: more than three seconds of log time behind.',
  );

export type ExecutorHealth = z.output<typeof executorHealth>;

/** What executors say of themselves. */
export const executorState = z.enum(['following', 'replaying', 'regressed', 'disputed', 'halted']);

export const Executor = z
  .object({
    chainId,
    role: z.enum(['voting', 'replica']),
    key: address.describe('The key that signs its votes and state roots.'),
    health: executorHealth,
    state: executorState.nullable().describe('What it last said; null: never heard of.'),
    halted: z
      .object({ code: z.string(), message: z.string(), block: blockNumber })
      .nullable()
      .describe('Why it does not go on.'),
    seenAt: wallTime.nullable().describe('When it was last heard of.'),
    block: blockNumber.nullable().describe('The newest block that it has applied.'),
    blockHash: hash.nullable(),
    laneSequences: z.object({ own: decimal, shared: decimal }).nullable(),
    lag: z.object({ blocks: count, ms: count.describe('Log time between its block and the newest one.') }).nullable(),
    stateRoot: z
      .object({ block: blockNumber, root: hash })
      .nullable()
      .describe('The newest that it says it computed; unsigned.'),
    loggedStateRoot: z
      .object({ block: blockNumber, root: hash, sequence: decimal, timestampMs: logTime })
      .nullable()
      .describe('The newest that it signed and the log holds.'),
    clock: z.array(z.object({ chainId, laneSequence: decimal })).describe('Its vector clock.'),
    version: z.string().nullable(),
  })
  .meta({ id: 'Executor', description: "A rollup's voting executor or one of its replicas, as it speaks of itself." });

export type ExecutorView = z.output<typeof Executor>;

const fields = {
  chainId,
  name: z.string(),
  votingKey: address,
  replicaKeys: z.array(address),
  paused: z.boolean().describe('Takes no transactions and no prepares.'),
  quarantined: z.boolean().describe('Takes no prepares.'),
  laneSequence: decimal.nullable().describe("The lane's newest sequence."),
  health: executorHealth.describe("The voting executor's."),
  undecided: count.nullable().describe('Operations without a decision in which it takes part.'),
};

export const Rollup = z
  .object(fields)
  .meta({ id: 'Rollup', description: 'A rollup of the registry in force in the next block.' });
export const RollupList = z.object({ items: z.array(Rollup), missing }).meta({ id: 'RollupList' });
export const RollupDetail = z
  .object({ ...fields, executors: z.array(Executor), missing })
  .meta({ id: 'RollupDetail', description: 'A rollup with its executors.' });
export const ExecutorList = z.object({ items: z.array(Executor), missing }).meta({ id: 'ExecutorList' });
