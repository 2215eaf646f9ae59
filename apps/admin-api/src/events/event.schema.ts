import { z } from 'zod';
import { incidentId, incidentUntil } from '../incidents/incidents.schema.js';
import { Executor } from '../rollups/rollups.schema.js';
import { address, blockNumber, chainId, count, decimal, hash, hexBytes, logTime, wallTime } from '../schema/scalars.js';

/** Where an event of the log stands; equal on every instance and after every restart. */
const place = {
  block: blockNumber,
  index: count.describe('Its place among the events of the block.'),
  timestampMs: logTime,
};
/** Where the entry stands that an event tells of. */
const entry = { ...place, sequence: decimal, entryId: hash };

export const BlockEvent = z
  .object({
    kind: z.literal('block'),
    ...place,
    hash,
    epoch: count,
    firstSequence: decimal,
    entryCount: count,
    lanes: z.array(z.object({ chainId, entryCount: count })),
  })
  .meta({ id: 'BlockEvent', description: 'A block became durable.' });

export const LeaderEvent = z
  .object({ kind: z.literal('leader'), ...place, epoch: count, key: address })
  .meta({ id: 'LeaderEvent', description: 'The first block of an epoch: another node, or the same anew, leads.' });

export const OperationPreparedEvent = z
  .object({
    kind: z.literal('operation.prepared'),
    ...entry,
    id: hash,
    operation: z.enum(['exercise', 'write', 'close']),
    series: hash,
    participants: z.array(chainId),
    deadlineMs: logTime,
  })
  .meta({ id: 'OperationPreparedEvent', description: 'PREPARE of an operation.' });

export const OperationDecidedEvent = z
  .object({
    kind: z.literal('operation.decided'),
    ...entry,
    id: hash,
    outcome: z.enum(['commit', 'abort']),
    reason: z.string().nullable().describe('Why it was aborted.'),
    votes: z.array(z.object({ chainId, yes: z.boolean(), reason: z.string().nullable() })),
  })
  .meta({ id: 'OperationDecidedEvent', description: 'DECISION of an operation.' });

export const PriceEvent = z
  .object({
    kind: z.literal('price'),
    ...entry,
    underlying: address,
    quote: address,
    round: decimal,
    price: decimal.describe('Base units of the quote for one whole unit of the underlying.'),
  })
  .meta({ id: 'PriceEvent', description: 'A price round.' });

export const RegistryEvent = z
  .object({
    kind: z.literal('registry'),
    ...entry,
    action: z.string().describe('Such as `set_rollup_paused`, `list_series`.'),
    chainId: chainId.nullable().describe('The rollup that is concerned, where it is one.'),
    value: z.boolean().nullable().describe('Of a flag such as paused.'),
    change: hexBytes.describe('SSZ of the `RegistryChange`.'),
  })
  .meta({ id: 'RegistryEvent', description: 'A change of the registry: in force from the next block on.' });

export const RestoreEvent = z
  .object({ kind: z.literal('restore'), ...entry, lastBlock: blockNumber, epochAbove: count })
  .meta({ id: 'RestoreEvent', description: 'A declared fork after a backup was put back.' });

export const AuditEvent = z
  .object({
    kind: z.literal('audit'),
    ...place,
    auditId: decimal,
    actor: z.string(),
    command: z.string(),
    detail: z.unknown(),
  })
  .meta({ id: 'AuditEvent', description: 'An admin command that changed something.' });

export const IncidentEvent = z
  .object({
    kind: z.literal('incident'),
    incidentId,
    at: wallTime,
    until: incidentUntil,
    incident: z.string().describe('Its kind, as in `/api/v1/incidents`.'),
    detail: z.unknown(),
  })
  .meta({
    id: 'IncidentEvent',
    description:
      'Something that people should look into. It has no place in the log. What lasts is told twice: when it begins, and with `until` when it ends.',
  });

const { chainId: executorChainId, role, key, health, lag, halted, version } = Executor.shape;
export const ExecutorEvent = z
  .object({
    kind: z.literal('executor'),
    at: wallTime.describe('When this process saw it.'),
    chainId: executorChainId,
    ...{ role, key, health },
    previous: health.nullable().describe('How it was before; null: how it is when the stream begins.'),
    ...{ lag, halted, version },
  })
  .meta({
    id: 'ExecutorEvent',
    description:
      'How an executor is: of each one as a stream begins, then whenever its health changes. Such an event has no id and is not told again; what people should look into is an incident as well.',
  });

/** What is told on a stream, and what is documented: one list. */
export const Event = z
  .discriminatedUnion('kind', [
    BlockEvent,
    LeaderEvent,
    OperationPreparedEvent,
    OperationDecidedEvent,
    PriceEvent,
    RegistryEvent,
    RestoreEvent,
    AuditEvent,
    IncidentEvent,
    ExecutorEvent,
  ])
  .meta({ id: 'Event', description: 'The data of one event; `kind` is its event type as well.' });
export type Event = z.output<typeof Event>;
export type EventKind = Event['kind'];

export const EVENT_KINDS = Event.options.map((option) => option.shape.kind.value);

/** The last of a stream that the server ends, by their event types. */
export const StreamOverflow = z
  .object({ resumeFrom: z.string().describe('For `Last-Event-ID`: everything up to it was sent.') })
  .meta({ id: 'StreamOverflow', description: 'Data of `event: overflow`: the client reads too slowly.' });
export const StreamClosed = z.object({ reason: z.string() }).meta({
  id: 'StreamClosed',
  description: "Data of `event: closed`: the client's key has ended, or the server stops.",
});

const KIND_LIST = new Set<string>(EVENT_KINDS);

export const EventsQuery = z.strictObject({
  kinds: z
    .string()
    .transform((text) => text.split(',').filter((kind) => kind !== ''))
    .refine((kinds) => kinds.every((kind) => KIND_LIST.has(kind)), `must be of ${EVENT_KINDS.join(', ')}`)
    .optional()
    .describe('Kinds of events, separated by commas; all where it is left out.'),
  fromBlock: z.coerce
    .number()
    .int()
    .min(1)
    .max(Number.MAX_SAFE_INTEGER)
    .optional()
    .describe('Begin with the events of this block; else with what is new. `Last-Event-ID` counts more.'),
});
