import type { Logger } from '#libs/runtime';

/** A logger that keeps the messages and shows none. */
export class SilentLogger {
  readonly said: string[] = [];
  private readonly keep = (_: unknown, message: string): void => void this.said.push(message);
  readonly info = this.keep;
  readonly warn = this.keep;
  readonly error = this.keep;
  readonly debug = this.keep;

  get port(): Logger {
    return this as unknown as Logger;
  }
}
