import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { decodeCursor, encodeCursor, toPage } from './page.js';

const At = z.tuple([z.number()]);

describe('pages', () => {
  it('shows that a cursor gives back what it was made of', () => {
    expect(decodeCursor('blocks', encodeCursor('blocks', [7]), At)).toEqual([7]);
  });

  it.each([
    ['of another list', encodeCursor('entries', [7])],
    ['of another shape', encodeCursor('blocks', ['7'])],
    ['that is no cursor', 'x%'],
  ])('shows that a cursor %s is refused as a problem of the caller', (_, cursor) => {
    expect(() => decodeCursor('blocks', cursor, At)).toThrow(
      expect.objectContaining({ type: expect.objectContaining({ code: 'INVALID_CURSOR', status: 400 }) as unknown }),
    );
  });

  it('shows that a page has a next one exactly where a row is left over', () => {
    const page = (rows: number[]) => toPage(rows, 2, String, (last) => `after ${last}`);
    expect(page([9, 8, 7])).toEqual({ items: ['9', '8'], nextCursor: 'after 8' });
    expect(page([9, 8])).toEqual({ items: ['9', '8'], nextCursor: null });
    expect(page([])).toEqual({ items: [], nextCursor: null });
  });
});
