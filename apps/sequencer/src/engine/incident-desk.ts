import type { Logger } from '#libs/runtime';
import { RateLimit } from './rate-limit.js';

/** Incidents of one kind that are kept at once, and how many a minute after that. */
const BURST = 20;
const PER_MINUTE = 6;

export interface IncidentDeskModules {
  /** Keeps an incident for ever. */
  record: (kind: string, detail: Record<string, unknown>) => Promise<void>;
  /** Counts every incident, those left out as well. */
  count: (kind: string) => void;
  logger: Pick<Logger, 'warn' | 'error'>;
  monotonicMs: () => number;
}

/**
 * Keeps what people should look into, in the database and in the log. Anybody can make us refuse a forged vote, and a
 * thousand say no more than twenty: those beyond the rate are counted, and the next that is kept says how many.
 */
export class IncidentDesk {
  private readonly rate = new RateLimit(PER_MINUTE / 60, BURST);
  private readonly leftOut = new Map<string, number>();

  constructor(private readonly modules: IncidentDeskModules) {}

  /**
   * Nothing is waited for; that an incident could not be recorded is logged.
   * @param group what shares a rate, the kind where not given; from a set that is bounded
   */
  report(kind: string, detail: Record<string, unknown>, group = kind): void {
    const { record, count, logger, monotonicMs } = this.modules;
    count(kind);
    const leftOut = this.leftOut.get(group) ?? 0;
    if (!this.rate.take(group, monotonicMs())) {
      this.leftOut.set(group, leftOut + 1);
      return;
    }
    this.leftOut.delete(group);
    const kept = leftOut > 0 ? { ...detail, leftOut } : detail;
    logger.warn({ kind, ...kept }, 'incident');
    record(kind, kept).catch((err: unknown) => logger.error({ err, kind }, 'an incident could not be recorded'));
  }
}
