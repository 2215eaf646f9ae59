import { z } from 'zod';
import { pageOf, pageQuery } from '../schema/page.js';
import { wallTime } from '../schema/scalars.js';

/** What each kind of incident means. Others may come with later versions. */
export const INCIDENT_KINDS = {
  conflicting_votes: 'One key signed two different votes on one PREPARE. The DECISION in the log alone counts.',
  refused_vote: 'A vote that does not count was sent: forged, foreign, replayed or with a wrong key.',
  differing_roots: 'Keys of one rollup stated different roots for one height; it takes no prepares until released.',
  silent_executor: 'An executor was not heard of for three seconds.',
  regressed_executor: 'An executor lost what it had applied, and votes no more until that is replayed.',
  disputed_executor: 'A replica came to another state than this executor, which votes no more until it is released.',
  halted_executor:
    'An executor found something that may not stand in the log, such as `EQUIVOCATION` (two signed blocks of one height), and does not go on.',
} as const;

const KINDS = Object.entries(INCIDENT_KINDS)
  .map(([kind, meaning]) => `\`${kind}\`: ${meaning}`)
  .join(' ');

export const incidentId = z
  .string()
  .regex(/^e?[1-9][0-9]*$/)
  .describe('Names it for ever. With an `e` in front this API observed it, the others are the leader’s.');
export const incidentUntil = wallTime
  .nullable()
  .describe('When it ended; null: it lasts, or it is a moment, as all are that the leader records.');

export const Incident = z
  .object({
    id: incidentId,
    at: wallTime.describe('When it happened or began.'),
    until: incidentUntil,
    kind: z.string().describe(KINDS),
    detail: z.record(z.string(), z.unknown()).describe('Evidence; its fields depend on the kind.'),
  })
  .meta({
    id: 'Incident',
    description:
      'Something that people should look into. What the leader records is kept for ever; of what executors went through the newest 10,000 are.',
  });
export const IncidentPage = pageOf(Incident, 'IncidentPage');

export const IncidentsQuery = z.strictObject({
  ...pageQuery,
  kind: z
    .string()
    .regex(/^[a-z_]{1,64}$/)
    .optional(),
  rollup: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional().describe('Incidents of this rollup.'),
  since: wallTime.optional().describe('Not older than this.'),
});
