import { type NatsConnection } from '#libs/messaging';
import { statusSubject } from '#libs/protocol';

/** What an executor says of itself once a second. Sequences are decimal, hashes and keys hex. */
export interface ExecutorStatus {
  chainId: number;
  role: 'voting' | 'replica';
  /** The key it signs votes and roots with, as an address. */
  key: string;
  /** Last block applied. */
  number: number;
  hash: string;
  laneSequences: { own: string; shared: string };
  /** Last root computed and the block after which it holds; null before the first. */
  stateRoot: string | null;
  rootNumber: number | null;
  /** Vector clock: newest lane sequence known of each rollup. */
  clock: { chainId: number; laneSequence: string }[];
  /** How far it is behind the blocks it has heard of; ms is the age of its last block by the wall clock, 0 if none waits. */
  lag: { blocks: number; ms: number };
  /** Of the software. */
  version: string;
  /** Wall time of the process's start. */
  startedAtMs: number;
  /**
   * `regressed`: what it had applied is lost, and it votes no more until that is replayed; `disputed`: another replay of
   * the log came to another state, and it votes no more until its rollup was quarantined and released; `unlisted`: it
   * follows, but the registry lists none of its keys for its role, so it signs nothing.
   */
  state: 'following' | 'replaying' | 'regressed' | 'disputed' | 'unlisted' | 'halted';
  /** Which key is missing. */
  unlisted?: { code: string; message: string };
  /** Why it stopped applying. */
  halted?: { code: string; message: string; number: number; evidence: string[] };
}

const INTERVAL_MS = 1_000;
const utf8 = new TextEncoder();

/**
 * Publishes an executor's status on `status.<chainId>`, at once and then every second, as an event of Nest's NATS
 * transporter: `{"pattern": <subject>, "data": <status>}`.
 */
export class StatusPublisher {
  private readonly timer: NodeJS.Timeout;

  /** @param current gives the status of the moment */
  constructor(
    private readonly connection: NatsConnection,
    private readonly current: () => ExecutorStatus,
    intervalMs = INTERVAL_MS,
  ) {
    this.timer = setInterval(() => this.publish(), intervalMs);
    this.publish();
  }

  /** Publishes now, besides the regular times; for changes that others wait for. */
  publish(): void {
    const status = this.current();
    const pattern = statusSubject(status.chainId);
    try {
      this.connection.publish(pattern, utf8.encode(JSON.stringify({ pattern, data: status })));
    } catch {
      // Closed, or a status larger than a message; the next may pass.
    }
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
