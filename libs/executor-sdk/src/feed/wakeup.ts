/** Lets one reader wait until something happened, or for a time at most. */
export class Wakeup {
  private isSet = false;
  private waiter: (() => void) | null = null;

  /** Wakes the reader, or the next one that waits. */
  notify(): void {
    this.isSet = true;
    this.waiter?.();
  }

  /** @returns true when notified since the last wait, false when `timeoutMs` has passed */
  async wait(timeoutMs: number): Promise<boolean> {
    if (!this.isSet) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.waiter = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.waiter = null;
    }
    const wasSet = this.isSet;
    this.isSet = false;
    return wasSet;
  }
}
