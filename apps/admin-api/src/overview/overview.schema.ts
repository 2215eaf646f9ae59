import { z } from 'zod';
import { Executor } from '../rollups/rollups.schema.js';
import { missing } from '../schema/missing.js';
import { blockNumber, count, decimal, hash, logTime, wallTime } from '../schema/scalars.js';

const perSecond = z.number().min(0).describe('A second, over the last ten seconds.');

export const Overview = z
  .object({
    at: wallTime.describe('When this was put together.'),
    head: z
      .object({
        block: blockNumber,
        hash,
        timestampMs: logTime,
        entries: decimal.describe('Entries of the whole log.'),
        ageMs: count.describe('Wall time since log time, in ms; grows when nothing is appended.'),
      })
      .nullable()
      .describe('The newest durable block; null: the log was not read yet.'),
    epoch: count.nullable(),
    leader: z
      .object({ url: z.string(), since: wallTime, leaseUntil: wallTime, isExpired: z.boolean() })
      .nullable()
      .describe('Null: nobody leads.'),
    intake: z
      .enum(['open', 'draining'])
      .nullable()
      .describe('Whether the leader takes submissions; null: it does not answer.'),
    rates: z.object({ transactionsPerSecond: perSecond, entriesPerSecond: perSecond, blocksPerSecond: perSecond }),
    operations: z
      .object({
        undecided: count,
        decided: count.describe('How many the figures below are of: the newest ones, at most 500.'),
        committed: count,
        aborted: count,
        latencyMs: z.object({ p50: count, p99: count }).nullable().describe('Log time from PREPARE to DECISION.'),
      })
      .nullable()
      .describe('Null: Postgres is away.'),
    executors: z.array(Executor),
    incidents: z
      .object({
        last24h: count.describe('That happened or lasted in the last 24 hours, as far as a thousand go back.'),
        open: count.describe('That last, such as a silent executor.'),
        newest: wallTime.nullable(),
      })
      .nullable()
      .describe('Null: Postgres is away.'),
    missing,
  })
  .meta({ id: 'Overview', description: 'How the network is. Put together at most twice a second.' });
