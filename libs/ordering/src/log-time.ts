import { LockstepError } from '#libs/protocol';

/** Largest share by which log time runs faster or slower than the monotonic clock to meet wall time. */
const SLEW_MAX = 0.05;
/** Forward jump at start that needs no second clock. */
const UNCONFIRMED_JUMP_MS_MAX = 600_000;
/** How far Postgres's clock may be from the node's to vouch for a larger jump. */
const CLOCK_AGREEMENT_MS_MAX = 5_000;

export interface LogTimeErrorType {
  code: 'LOG_TIME_JUMP';
  jumpMs: number;
  clockDifferenceMs: number;
}

/** The node's clock would carry log time too far at once, and Postgres's clock does not agree with it. */
export class LogTimeError extends LockstepError<LogTimeErrorType> {}

/**
 * Log time at the start of an epoch (design, section 4): wall time, never before the last block. It may jump forward by
 * any amount if Postgres's clock agrees with the node's within 5 s or an operator confirmed it, else by at most 10 minutes.
 * @throws LogTimeError beyond that
 */
export function startLogTime(clocks: {
  lastTimestampMs: number;
  wallMs: number;
  databaseMs: number;
  confirmed?: boolean;
}): number {
  const { lastTimestampMs, wallMs, databaseMs, confirmed = false } = clocks;
  const jumpMs = wallMs - lastTimestampMs;
  const clockDifferenceMs = Math.abs(wallMs - databaseMs);
  if (jumpMs > UNCONFIRMED_JUMP_MS_MAX && clockDifferenceMs > CLOCK_AGREEMENT_MS_MAX && !confirmed) {
    throw new LogTimeError(
      { code: 'LOG_TIME_JUMP', jumpMs, clockDifferenceMs },
      `Log time would jump ahead by ${jumpMs} ms, and the node's clock differs from Postgres's by ${clockDifferenceMs} ms.`,
      'Set the clocks right; or, if the node is right, run `lockstep leader confirm-time`.',
    );
  }
  return Math.max(lastTimestampMs, wallMs);
}

/**
 * The leader's clock within one epoch: it follows the monotonic clock, slewed at most 5 % towards wall time, and never
 * goes backwards (I7). It has no clock of its own: the caller reads both.
 */
export class LogClock {
  private lastMonotonicMs: number;

  /** @param logTimeMs where it starts, see {@link startLogTime} */
  constructor(
    private logTimeMs: number,
    monotonicMs: number,
  ) {
    this.lastMonotonicMs = monotonicMs;
  }

  /** Log time now, in whole ms. */
  at(monotonicMs: number, wallMs: number): number {
    const elapsedMs = Math.max(0, monotonicMs - this.lastMonotonicMs);
    this.lastMonotonicMs = Math.max(monotonicMs, this.lastMonotonicMs);
    const behindMs = wallMs - (this.logTimeMs + elapsedMs);
    const slewMs = Math.max(-SLEW_MAX * elapsedMs, Math.min(SLEW_MAX * elapsedMs, behindMs));
    this.logTimeMs += elapsedMs + slewMs;
    return Math.floor(this.logTimeMs);
  }

  /** Log time minus wall time in ms, for the metric. */
  offsetMs(wallMs: number): number {
    return this.logTimeMs - wallMs;
  }
}
