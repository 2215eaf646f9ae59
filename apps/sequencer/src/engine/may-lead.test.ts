// Shows which node may lead: one whose key the registry lists, and whose clock does not carry log time too far at once.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { assertMayLead } from './may-lead.js';
import { MALLORY, newState, SEQUENCER_KEY, START_MS } from './testing/world.js';

const HOUR_MS = 3_600_000;
beforeEach(() => void vi.useFakeTimers({ now: START_MS }));
afterEach(() => void vi.useRealTimers());

test('a listed key may', () => {
  expect(() => assertMayLead(newState(), SEQUENCER_KEY, START_MS, false)).not.toThrow();
});

test('another key may not, and is told which', () => {
  expect(() => assertMayLead(newState(), MALLORY, START_MS, true)).toThrow(
    expect.objectContaining({
      code: 'NOT_A_SEQUENCER_KEY',
      type: { code: 'NOT_A_SEQUENCER_KEY', key: `0x${'66'.repeat(20)}` },
    }),
  );
});

test('a jump of an hour needs a second clock that agrees, or an operator', () => {
  vi.setSystemTime(START_MS + HOUR_MS);
  const may = (databaseMs: number, confirmed: boolean) => () =>
    assertMayLead(newState(), SEQUENCER_KEY, databaseMs, confirmed);
  expect(may(START_MS, false)).toThrow(expect.objectContaining({ code: 'LOG_TIME_JUMP' }));
  expect(may(START_MS + HOUR_MS - 5_000, false)).not.toThrow();
  expect(may(START_MS, true)).not.toThrow();
});
