import { expect, it } from 'vitest';
import * as subjects from './subjects.js';

it('gives each rollup and purpose a subject of its own, as an allow-list names them', () => {
  const { PRICE_SUBJECT, ...functions } = subjects;
  const names = Object.values(functions).map((subject) => (subject as (of: number) => string)(84001));
  expect(names.toSorted()).toEqual(
    [
      ...['feed.slice.84001', 'feed.replay.84001', 'vote.84001', 'vote.request.84001', 'root.84001'],
      ...['ingress.84001', 'status.84001', 'read.84001', 'admin.84001'],
    ].toSorted(),
  );
  expect(PRICE_SUBJECT).toBe('price');
});
