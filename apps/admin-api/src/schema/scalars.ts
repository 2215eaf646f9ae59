import { z } from 'zod';

/*
 * What the API's values look like. Integers that can exceed 2^53 are decimal strings, bytes 0x hex in lower case, log
 * time ms as a number, wall time ISO 8601 in UTC. Parameters take hex in either case.
 */

/** An unsigned integer without bounds, as a decimal string. */
export const decimal = z
  .string()
  .regex(/^(0|[1-9][0-9]*)$/, 'must be an unsigned integer as a decimal string')
  .describe('Unsigned integer as a decimal string.');

const bytes = (length: number, what: string): z.ZodString =>
  z
    .string()
    .regex(new RegExp(`^0x[0-9a-fA-F]{${2 * length}}$`), `must be ${length} bytes as 0x hex`)
    .describe(`${what}: ${length} bytes as 0x hex.`);

export const hash = bytes(32, 'A hash');
export const address = bytes(20, 'An address');
export const signature = bytes(65, 'A signature r ‖ s ‖ v');
export const hexBytes = z
  .string()
  .regex(/^0x([0-9a-fA-F]{2})*$/, 'must be bytes as 0x hex')
  .describe('Bytes as 0x hex.');

/** A whole number that fits in 53 bits. */
export const count = z.int().min(0);
export const chainId = z.int().min(0).describe('Chain id of a rollup; 0 is the shared lane.');
export const logTime = z.int().min(0).describe('Log time in ms since 1970.');
export const wallTime = z.iso.datetime().describe('Wall time in UTC.');
export const blockNumber = z.int().min(0).describe('Number of a block; 0 is genesis.');

/** A chain id in a path or a query. */
export const chainIdParam = z.coerce
  .number()
  .int()
  .min(1)
  .max(Number.MAX_SAFE_INTEGER)
  .describe('Chain id of a rollup.');
