import { Injectable } from '@nestjs/common';
import type { Missing } from '../schema/missing.js';

/**
 * Which parts of the network are away, since when and why. Whoever talks to a part says how it went.
 *
 * A part is missing from the first failure on until the next success; a failure in between keeps the first one's time.
 */
@Injectable()
export class Parts {
  private readonly away = new Map<string, Missing>();
  private readonly watches: (() => Missing[])[] = [];

  /** Asks this too, whenever it is asked what is missing. */
  watch(missing: () => Missing[]): void {
    this.watches.push(missing);
  }

  /** @param since where it is known better than by now */
  failed(part: string, reason: string, since = new Date()): void {
    this.away.set(part, { part, reason, since: this.away.get(part)?.since ?? since.toISOString() });
  }

  works(part: string): void {
    this.away.delete(part);
  }

  /** Whether whoever talks to a part said that it is away. */
  isAway(part: string): boolean {
    return this.away.has(part);
  }

  /** Those that are away, of the given ones or of all. */
  missing(parts?: readonly string[]): Missing[] {
    const known = [...this.away.values(), ...this.watches.flatMap((missing) => missing())];
    const all = known.sort((a, b) => a.part.localeCompare(b.part));
    return parts ? all.filter(({ part }) => parts.includes(part)) : all;
  }
}

export const executorPart = (chainId: number): string => `executor.${chainId}`;
