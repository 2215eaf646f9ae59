// Shows which texts are durations, and that others are refused by name.
import { expect, test } from 'vitest';
import { parseDuration } from './parse-duration.js';

test.each([
  ['0s', 0],
  ['90s', 90_000],
  ['15m', 900_000],
  ['24h', 86_400_000],
  ['30d', 2_592_000_000],
])('%s is %i ms', (text, ms) => expect(parseDuration(text, '--expires')).toBe(ms));

test.each(['', '5', 'd', '-1d', '1.5h', '1w', '1d2h', '9999999d'])('%s is no duration', (text) => {
  expect(() => parseDuration(text, '--expires')).toThrow(
    expect.objectContaining({ type: { code: 'CONFIGURATION', setting: '--expires' } }) as Error,
  );
});
