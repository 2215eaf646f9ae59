interface Waiter {
  number: number;
  run: () => void;
}

/** Those who wait for a block to be applied. Bounded. */
export class HeightWaiters {
  private readonly waiters = new Set<Waiter>();

  constructor(private readonly waitersMax = 10_000) {}

  /**
   * Calls `run` right after block `number` has been applied, before the next one is.
   * @returns a function that gives it up; null where too many wait
   */
  add(number: number, run: () => void): (() => void) | null {
    if (this.waiters.size >= this.waitersMax) return null;
    const waiter = { number, run };
    this.waiters.add(waiter);
    return () => void this.waiters.delete(waiter);
  }

  /** Block `number` has been applied. */
  reached(number: number): void {
    for (const waiter of this.waiters) {
      if (waiter.number > number) continue;
      this.waiters.delete(waiter);
      waiter.run();
    }
  }
}
