import { ServerError } from './errors.js';

/** What a line is compared with. */
export type LinePattern = RegExp | ((line: string) => boolean);

const LINE_LENGTH_MAX = 16_384;

interface Waiter {
  matches: (line: string) => boolean;
  resolve: (line: string) => void;
  reject: (error: Error) => void;
}

/** The newest lines that a process has written, at most `capacity` of them, and who waits for the next. */
export class LineBuffer {
  private readonly lines: string[] = [];
  private readonly waiters = new Set<Waiter>();
  private ended = false;

  /**
   * @param name whose lines, for error messages
   * @param capacity how many lines are kept
   */
  constructor(
    private readonly name: string,
    private readonly capacity = 500,
  ) {}

  /** Takes a line; what is longer than 16,384 characters is cut. */
  push(line: string): void {
    const kept = line.slice(0, LINE_LENGTH_MAX);
    this.lines.push(kept);
    if (this.lines.length > this.capacity) this.lines.shift();
    for (const waiter of this.waiters) if (waiter.matches(kept)) waiter.resolve(kept);
  }

  /** No line will follow: whoever still waits is told so. */
  end(): void {
    this.ended = true;
    for (const waiter of this.waiters) waiter.reject(this.notSeen('ended before it wrote the expected line.'));
  }

  /** The newest lines, oldest first. */
  last(count: number): string[] {
    return this.lines.slice(-count);
  }

  /**
   * Waits for a line, among those still kept or to come.
   *
   * @throws ServerError `line_not_seen` when the time has passed or the process has ended without it
   */
  waitFor(pattern: LinePattern, timeoutMs: number): Promise<string> {
    // search() ignores the lastIndex that test() would leave behind on a global pattern
    const matches = pattern instanceof RegExp ? (line: string) => line.search(pattern) >= 0 : pattern;
    const seen = this.lines.find(matches);
    if (seen !== undefined) return Promise.resolve(seen);
    if (this.ended) return Promise.reject(this.notSeen('ended before it wrote the expected line.'));
    return new Promise((resolve, reject) => {
      const late = (): void => waiter.reject(this.notSeen(`did not write the expected line within ${timeoutMs} ms.`));
      const timer = setTimeout(late, timeoutMs);
      const done = (): void => {
        clearTimeout(timer);
        this.waiters.delete(waiter);
      };
      const waiter: Waiter = {
        matches,
        resolve: (line) => (done(), resolve(line)),
        reject: (error) => (done(), reject(error)),
      };
      this.waiters.add(waiter);
    });
  }

  private notSeen(what: string): ServerError {
    const tail = this.last(5).join('\n  ') || '(nothing)';
    return new ServerError('line_not_seen', `${this.name} ${what}`, `Its last lines:\n  ${tail}`);
  }
}
