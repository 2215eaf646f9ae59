// Shows that an id of an event names its position and nothing else is taken for one.
import { expect, test } from 'vitest';
import { formatEventId, parseEventId } from './event-id.js';

test('ids are read as they were written', () => {
  const position = { number: 12, index: 3, hash: '0011aabb', incident: 7n, change: 9n };
  expect(formatEventId(position)).toBe('12-3-0011aabb-7-9');
  expect(parseEventId('12-3-0011aabb-7-9')).toEqual(position);
  expect(parseEventId(formatEventId({ ...position, index: Infinity }))).toEqual({ ...position, index: Infinity });
});

test.each([
  '',
  '12',
  '12-3-0011aabb',
  '12-3-0011aabb-7',
  '12-3-0011AABB-7-9',
  '-1-3-0011aabb-7-9',
  '9999999999999999-0-0011aabb-0-0',
  'x'.repeat(999),
])('%j is no id', (text) => expect(parseEventId(text)).toBeNull());
