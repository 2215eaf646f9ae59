import { z } from 'zod';
import { ProblemError } from '../http/problem.js';
import { missing } from './missing.js';

export const PAGE_ITEMS = 50;
export const PAGE_ITEMS_MAX = 200;

/** Query parameters of every list. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(PAGE_ITEMS_MAX).default(PAGE_ITEMS).describe('Items of a page at most.'),
  cursor: z.string().max(4_096).optional().describe("The previous page's `nextCursor`; left out: the first page."),
};

/** A page of a list, newest first unless the list says otherwise. */
export const pageOf = <T extends z.ZodType>(item: T, id: string) =>
  z
    .object({
      items: z.array(item),
      nextCursor: z.string().nullable().describe('For the next page; null: this is the last one.'),
      missing,
    })
    .meta({ id, description: 'A page. Following `nextCursor` gives each item once, whatever is added meanwhile.' });

/** Makes the opaque text of a cursor. @param list names the list, so that no cursor is used for another */
export const encodeCursor = (list: string, at: readonly (string | number)[]): string =>
  Buffer.from(JSON.stringify([list, ...at])).toString('base64url');

/**
 * What {@link encodeCursor} took, as the schema says it must be.
 * @throws ProblemError `INVALID_CURSOR`
 */
export function decodeCursor<S extends z.ZodType>(list: string, cursor: string, schema: S): z.output<S> {
  try {
    const [name, ...at] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[];
    const result = schema.safeParse(at);
    if (name === list && result.success) return result.data;
  } catch {
    // No JSON; refused as any other text.
  }
  throw new ProblemError(
    { code: 'INVALID_CURSOR', status: 400, errors: [{ field: 'cursor', message: 'is none that this list gave' }] },
    'The cursor is none that this list gave.',
    'Take nextCursor as it is from the previous page, with the same filters.',
  );
}

/** Cuts a page out of `limit + 1` rows that were asked for. */
export function toPage<R, T>(
  rows: readonly R[],
  limit: number,
  item: (row: R) => T,
  cursor: (last: R) => string,
): { items: T[]; nextCursor: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { items: page.map(item), nextCursor: rows.length > limit && last !== undefined ? cursor(last) : null };
}
