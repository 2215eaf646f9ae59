import { z } from 'zod';
import { seriesForm } from '../series/series.schema.js';
import { address, blockNumber, chainId, decimal, hash } from '../schema/scalars.js';

/** What every command answers. */
export const CommandResult = z
  .object({
    command: z.string().describe('Its name in the audit log.'),
    block: blockNumber.nullable().describe('The block that it became durable with; a change is in force in the next.'),
    sequence: decimal.nullable().describe('Of the entry that it made; null where it made none.'),
    auditId: decimal.nullable().describe('Its row in the audit log; null for what changes nothing there.'),
    series: hash.optional().describe('The series that was listed.'),
    endedEpoch: z.int().min(0).optional().describe('The term that was ended.'),
  })
  .meta({ id: 'CommandResult', description: 'Where a command came to stand.' });
export type CommandResult = z.output<typeof CommandResult>;

const uint256 = decimal.refine((text) => BigInt(text) < 2n ** 256n, 'must be less than 2^256');
const duration = z.int().min(0);

/** A key that is to be replaced, added or removed. */
export const NewKey = z
  .strictObject({
    role: z.enum(['sequencer', 'registry', 'price', 'voting', 'replica']),
    chainId: chainId.optional().describe('Whose key, of a voting or replica key; of others it must not be there.'),
    previous: address.nullable().describe('The key that goes; null: a sequencer or replica key is added.'),
    next: address.nullable().describe('The key that comes; null: a sequencer or replica key is removed.'),
  })
  .meta({
    id: 'NewKey',
    description:
      'By its address. After the registry key was replaced, this API signs no more until it has the new one.',
  });
export type NewKey = z.output<typeof NewKey>;

/** A rollup that is to be registered. */
export const RegisteredRollup = z
  .strictObject({
    chainId,
    name: z.string().min(1).max(32).describe('At most 32 bytes of UTF-8.'),
    votingKey: address.describe('Of the key that signs its votes and state roots.'),
    replicaKeys: z.array(address).max(8).default([]).describe("Of its replicas' keys."),
  })
  .meta({ id: 'RegisteredRollup', description: 'A rollup that joins the network. It starts without balances.' });
export type RegisteredRollup = z.output<typeof RegisteredRollup>;

/** The terms of a series that is to be listed. */
export const NewSeries = z
  .strictObject({
    underlying: address,
    quote: address,
    strike: uint256.describe('Base units of `quote` for one whole unit of `underlying`.'),
    expiryMs: z.int().min(0).describe('Log time in ms.'),
    exerciseWindowMs: duration.default(0).describe('After expiry, of a European series; else 0.'),
    ...seriesForm,
  })
  .meta({ id: 'NewSeries', description: 'The terms of an option series, for ever.' });
export type NewSeries = z.output<typeof NewSeries>;
