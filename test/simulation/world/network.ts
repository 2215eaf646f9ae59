import type { Link } from '../plan/plan.js';
import { mixed } from '../support/random.js';
import type { Receiver, Scheduler } from '../support/scheduler.js';

/** A time in which messages fare badly. */
export interface BadWeather {
  link: Link;
  /** The rollup whose messages are meant; null for everyone's. */
  chainId: number | null;
  untilMs: number;
  /** Shares of the messages that are lost or come twice. */
  loss: number;
  repeat: number;
  /** The longest extra delay; since it differs, messages overtake each other. */
  delayMs: number;
}

/** Carries messages between processes: at most once in good weather, as it pleases in bad. */
export class Network {
  private weather: BadWeather[] = [];
  private sent = 0;

  constructor(
    private readonly scheduler: Scheduler,
    private readonly seed: number,
  ) {}

  worsen(weather: BadWeather): void {
    this.weather.push(weather);
  }

  heal(): void {
    this.weather = [];
  }

  /**
   * Sends a message. @param receiver the process that gets it, asked for when it arrives; null: it is lost
   */
  send(link: Link, chainId: number, receiver: Receiver, deliver: () => void): void {
    const fate = mixed(this.seed, ++this.sent);
    let delayMs = 1 + (fate & 3);
    let isRepeated = false;
    for (const { link: bad, chainId: only, untilMs, loss, repeat, delayMs: extraMs } of this.weather) {
      if (untilMs <= this.scheduler.nowMs || (bad !== 'all' && bad !== link)) continue;
      if (only !== null && only !== chainId) continue;
      if (((fate >>> 2) & 0xff) < loss * 256) return;
      if (((fate >>> 10) & 0xff) < repeat * 256) isRepeated = true;
      delayMs += extraMs === 0 ? 0 : ((fate >>> 18) & 0x3fff) % extraMs;
    }
    this.carry(delayMs, receiver, deliver);
    if (isRepeated) this.carry(delayMs + 1 + ((fate >>> 5) & 31), receiver, deliver);
  }

  private carry(delayMs: number, receiver: Receiver, deliver: () => void): void {
    this.scheduler.after(delayMs, receiver, deliver);
  }
}
