// Shows when a leader says that it cannot write: in time for the five seconds of the fault matrix, whatever a write's
// timeout is, and not for a heartbeat that is a little late.
import { expect, test } from 'vitest';
import { SILENT_MS, WriteWatch } from './write-watch.js';

const HEARTBEAT_MS = 1_000;
const READINESS_MS_MAX = 5_000;

function watchAt(startMs: number): { watch: WriteWatch; to: (ms: number) => void } {
  let nowMs = startMs;
  const watch = new WriteWatch(() => nowMs);
  return { watch, to: (ms) => (nowMs = startMs + ms) };
}

test('nothing can be written before a term begins, nor after it ended', () => {
  const { watch } = watchAt(50_000);
  expect(watch.canWrite).toBe(false);
  watch.begin();
  expect(watch.canWrite).toBe(true);
  watch.end();
  expect(watch.canWrite).toBe(false);
});

test('a write that hangs is noticed in time, before it fails; the next durable block mends it', () => {
  const { watch, to } = watchAt(0);
  watch.begin();
  to(2 * HEARTBEAT_MS);
  expect(watch.canWrite).toBe(true);
  to(SILENT_MS);
  expect(watch.canWrite).toBe(false);
  expect(SILENT_MS).toBeLessThanOrEqual(READINESS_MS_MAX - HEARTBEAT_MS);
  watch.written(true);
  expect(watch.canWrite).toBe(true);
  to(2 * SILENT_MS - 1);
  expect(watch.canWrite).toBe(true);
});

test('a write that failed counts at once, until one succeeds', () => {
  const { watch } = watchAt(0);
  watch.begin();
  watch.written(false);
  expect(watch.canWrite).toBe(false);
  watch.written(true);
  expect(watch.canWrite).toBe(true);
});
