import type { InvariantReport } from '#libs/testkit';

/** How far the load has come. */
export interface Progress {
  /** The newest block that a follower was handed. */
  height: number;
  /** Operations decided, of these committed. */
  decided: number;
  committed: number;
  acknowledged: number;
  /** What the newest submissions that were not acknowledged were told. */
  errors: [message: string, count: number][];
}

/** What the history checker found. */
export interface CheckResult {
  blocks: number;
  entries: number;
  /** Those that do not hold. */
  failed: InvariantReport[];
  /** All of them, as a table. */
  table: string;
}

/** Subjects to try as a NATS user. */
export interface RightsRequest {
  /** File of the user's seed. */
  seedFile: string;
  publish: string[];
  subscribe: string[];
}

export interface SqlRequest {
  /** File of a role's database URL. */
  urlFile: string;
  statements: string[];
}

/** What the probe can be told, by name. */
export interface ProbeCommands {
  /** Lists series, begins to follow every rollup and to send transactions, prices and operations. */
  start(argument: null): Promise<null>;
  progress(argument: null): Promise<Progress>;
  /** Checks the history so far, while the load goes on. */
  check(argument: { name: string }): Promise<CheckResult>;
  /** Ends the load, waits for rest, and checks the whole history. */
  finish(argument: null): Promise<CheckResult>;
  /** Which of the subjects the server refused. */
  rights(argument: RightsRequest): Promise<{ publish: string[]; subscribe: string[] }>;
  /** For each statement what became of it: `ok`, or Postgres's message. */
  sql(argument: SqlRequest): Promise<string[]>;
}
