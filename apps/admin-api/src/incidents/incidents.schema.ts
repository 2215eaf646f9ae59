import { z } from 'zod';
import { pageOf, pageQuery } from '../schema/page.js';
import { decimal, wallTime } from '../schema/scalars.js';

/** What each kind of incident means. Others may come with later versions. */
export const INCIDENT_KINDS = {
  conflicting_votes: 'One key signed two different votes on one PREPARE. The DECISION in the log alone counts.',
  refused_vote: 'A vote that does not count was sent: forged, foreign, replayed or with a wrong key.',
  differing_roots: 'Keys of one rollup stated different roots for one height; it takes no prepares until released.',
} as const;

const KINDS = Object.entries(INCIDENT_KINDS)
  .map(([kind, meaning]) => `\`${kind}\`: ${meaning}`)
  .join(' ');

export const Incident = z
  .object({
    id: decimal,
    at: wallTime,
    kind: z.string().describe(KINDS),
    detail: z.record(z.string(), z.unknown()).describe('Evidence; its fields depend on the kind.'),
  })
  .meta({ id: 'Incident', description: 'Something that people should look into. Kept for ever.' });
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
