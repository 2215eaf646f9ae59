import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LogClock, LogTimeError, startLogTime } from './log-time.js';

const HOUR_MS = 3_600_000;
const WALL_MS = 1_700_000_000_000;

describe('startLogTime', () => {
  const start = (jumpMs: number, clockDifferenceMs: number, confirmed?: boolean) => () =>
    startLogTime({
      lastTimestampMs: WALL_MS - jumpMs,
      wallMs: WALL_MS,
      databaseMs: WALL_MS + clockDifferenceMs,
      ...(confirmed === undefined ? {} : { confirmed }),
    });

  it('goes on from the last block when wall time lies before it, however far', () => {
    for (const jumpMs of [0, -1, -HOUR_MS, -1_000 * HOUR_MS]) {
      for (const difference of [0, HOUR_MS]) expect(start(jumpMs, difference)()).toBe(WALL_MS - jumpMs);
    }
  });

  it('jumps ahead by any amount when both clocks agree within 5 s', () => {
    for (const difference of [0, 5_000, -5_000]) expect(start(1_000 * HOUR_MS, difference)()).toBe(WALL_MS);
  });

  it('jumps ahead by ten minutes at most when they do not, and says by how much it would have', () => {
    for (const difference of [5_001, -5_001, HOUR_MS]) {
      expect(start(600_000, difference)()).toBe(WALL_MS);
      expect(start(600_001, difference)).toThrow(LogTimeError);
    }
    expect(start(600_001, -HOUR_MS)).toThrow(
      expect.objectContaining({ type: { code: 'LOG_TIME_JUMP', jumpMs: 600_001, clockDifferenceMs: HOUR_MS } }),
    );
  });

  it('jumps all the same once an operator has confirmed it, and only then', () => {
    expect(start(HOUR_MS, HOUR_MS, true)()).toBe(WALL_MS);
    expect(start(HOUR_MS, HOUR_MS, false)).toThrow(expect.objectContaining({ advice: expect.any(String) as string }));
  });
});

/** Readings of the two clocks; the wall clock is set back and forth by up to an hour. */
const readings = fc.array(
  fc.record({
    elapsedMs: fc.oneof(fc.nat(50), fc.nat(5_000), fc.double({ min: 0, max: 10, noNaN: true })),
    wallJumpMs: fc.oneof(fc.constant(0), fc.integer({ min: -HOUR_MS, max: HOUR_MS })),
  }),
  { minLength: 1, maxLength: 100, size: 'max' },
);

describe('LogClock', () => {
  it('runs at most 5 % faster or slower than the monotonic clock and never back, whatever wall time does', () => {
    fc.assert(
      fc.property(readings, fc.integer({ min: -HOUR_MS, max: HOUR_MS }), (steps, startOffsetMs) => {
        const startMs = WALL_MS + startOffsetMs;
        const clock = new LogClock(startMs, 0);
        let monotonicMs = 0;
        let wallMs = WALL_MS;
        let lastMs = startMs;
        for (const { elapsedMs, wallJumpMs } of steps) {
          monotonicMs += elapsedMs;
          wallMs += elapsedMs + wallJumpMs;
          const logMs = clock.at(monotonicMs, wallMs);
          expect(Number.isSafeInteger(logMs)).toBe(true);
          expect(logMs).toBeGreaterThanOrEqual(lastMs);
          // Whole ms: a reading is rounded down.
          expect(logMs - lastMs).toBeLessThanOrEqual(elapsedMs * 1.05 + 1);
          expect(logMs - startMs).toBeGreaterThanOrEqual(monotonicMs * 0.95 - 1.001);
          expect(logMs - startMs).toBeLessThanOrEqual(monotonicMs * 1.05 + 0.001);
          lastMs = logMs;
        }
      }),
      { numRuns: 300 },
    );
  });

  it('meets wall time at 5 % and then follows it without swinging past', () => {
    for (const behindMs of [1_000, -1_000]) {
      const clock = new LogClock(WALL_MS, 0);
      let lastGapMs = Math.abs(behindMs);
      for (let ms = 100; ms <= 30_000; ms += 100) {
        const logMs = clock.at(ms, WALL_MS + behindMs + ms);
        const gapMs = Math.abs(WALL_MS + behindMs + ms - logMs);
        expect(gapMs).toBeLessThanOrEqual(lastGapMs + 1);
        expect(gapMs).toBeGreaterThanOrEqual(1_000 - ms * 0.05 - 1);
        if (ms > 20_100) expect(gapMs).toBeLessThanOrEqual(1);
        lastGapMs = gapMs;
      }
    }
  });

  it('does not follow a wall clock that is set by an hour: after a second it has moved by a second, give or take 50 ms', () => {
    for (const jumpMs of [HOUR_MS, -HOUR_MS]) {
      const clock = new LogClock(WALL_MS, 0);
      expect(Math.abs(clock.at(1_000, WALL_MS + 1_000 + jumpMs) - WALL_MS - 1_000)).toBeLessThanOrEqual(50);
      expect(clock.at(1_000, WALL_MS - jumpMs)).toBe(clock.at(1_000, WALL_MS + jumpMs));
    }
  });

  it('stands still while the monotonic clock does, and does not go back with it', () => {
    const clock = new LogClock(WALL_MS, 1_000);
    const first = clock.at(2_000, WALL_MS + 1_000);
    expect(clock.at(2_000, WALL_MS + 9_000)).toBe(first);
    expect(clock.at(500, WALL_MS - 9_000)).toBe(first);
    expect(clock.at(2_500, WALL_MS + 1_500)).toBe(first + 500);
  });

  it('tells its distance from wall time', () => {
    const clock = new LogClock(WALL_MS, 0);
    clock.at(1_000, WALL_MS + 1_000);
    expect(clock.offsetMs(WALL_MS)).toBe(1_000);
    expect(clock.offsetMs(WALL_MS + 3_000)).toBe(-2_000);
  });
});
