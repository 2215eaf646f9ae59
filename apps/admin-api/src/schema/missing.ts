import { z } from 'zod';
import { wallTime } from './scalars.js';

export const Missing = z
  .object({
    part: z.string().describe('`postgres`, `nats`, `leader`, `projections`, `executor.<chainId>` or `operation`.'),
    since: wallTime.describe('Since when it has been away, as far as this process knows.'),
    reason: z.string().describe('What is wrong, for people.'),
  })
  .meta({ id: 'Missing', description: 'A part of the network that is away; what depends on it is old or left out.' });
export type Missing = z.output<typeof Missing>;

/** Stands in every answer that can be incomplete. */
export const missing = z.array(Missing).describe('What is away at the moment; empty: the answer is complete.');
