import { z } from 'zod';
import { missing } from '../schema/missing.js';

export const Health = z.object({ status: z.literal('ok') }).meta({ id: 'Health' });
export const Readiness = z.object({ status: z.enum(['ready', 'degraded']), missing }).meta({
  id: 'Readiness',
  description: '`degraded`: it answers, with what it knows.',
});
