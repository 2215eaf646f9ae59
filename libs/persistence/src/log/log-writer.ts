import { equalBytes } from '#libs/protocol';
import { DATABASE_TIMEOUTS, type DatabaseTimeouts } from '../database/options.js';
import type { LogWriteError } from '../errors.js';
import { type AppendResult, type BlockExtras, type DurableBlock, type Head } from '../types.js';
import { appendError, outcomeUnknown, writeFailed } from './append-error.js';
import { APPEND_SQL, appendParameters } from './append-statement.js';
import { HEAD_SQL, type HeadRow, headFromRow } from './rows.js';
import { type Backend, WriterSession } from './writer-session.js';

export interface LogWriterOptions {
  /** Those that differ from {@link DATABASE_TIMEOUTS}. */
  timeouts?: Partial<DatabaseTimeouts>;
  /** Shown in pg_stat_activity; `lockstep log writer` by default. */
  applicationName?: string;
}

const NO_EXTRAS: BlockExtras = { operations: [], decisions: [] };

/**
 * Appends blocks over one connection of its own, one at a time.
 *
 * ```
 *            open            append: written | own | conflict | WRITE_FAILED | UNIQUE_VIOLATION
 * no session ────► session ──────────────────────────────────────────────────────────────────► session
 *     ▲               │ append: OUTCOME_UNKNOWN, or the connection breaks between calls
 *     └───────────────┘
 * ```
 * The next call opens a session again, and first ends the lost one's server process: while that lives, it may still
 * commit the block. So `absent` is for good.
 */
export class LogWriter {
  readonly #timeouts: DatabaseTimeouts;
  readonly #applicationName: string;
  #session: WriterSession | undefined;
  /** Server process of a lost connection that may still be at work. */
  #lost: Backend | undefined;
  /** Hash of the block whose outcome nobody knows yet. */
  #unknownHash: Uint8Array | undefined;
  #busy = false;
  #closed = false;

  /** Connects with the first call. `url` must lead to Postgres itself: a pooler between would hide the session. */
  constructor(
    private readonly url: string,
    options: LogWriterOptions = {},
  ) {
    this.#timeouts = { ...DATABASE_TIMEOUTS, ...options.timeouts };
    this.#applicationName = options.applicationName ?? 'lockstep log writer';
  }

  /** Connects now, so that the first append need not. Throws as the driver does, and DatabaseError as `createDataSource`. */
  async connect(): Promise<void> {
    await this.#exclusively(async () => void (await this.#open()));
  }

  /**
   * Makes a block durable together with the operations, decisions and audit rows it carries: all of it or nothing, and only if
   * the head is still the block's parent under the block's epoch. One round trip.
   *
   * @returns once Postgres has flushed it; see {@link AppendResult}
   * @throws LogWriteError `WRITE_FAILED`, `OUTCOME_UNKNOWN`, `UNIQUE_VIOLATION`; LockstepError `INVARIANT_BROKEN` for a
   *   block that contradicts itself; Error when an append is under way or the writer was closed
   */
  async append(block: DurableBlock, extras: BlockExtras = NO_EXTRAS): Promise<AppendResult> {
    const parameters = appendParameters(block, extras);
    return this.#exclusively(() => this.#append(block, parameters));
  }

  /**
   * Finds out over a fresh connection whether a block is in the log, after `OUTCOME_UNKNOWN`.
   *
   * @returns `absent` only when no earlier attempt of this writer can still write it
   * @throws LogWriteError `OUTCOME_UNKNOWN` while Postgres does not answer; ask again
   */
  async outcomeOf(block: DurableBlock): Promise<'written' | 'absent'> {
    return this.#exclusively(async () => {
      this.#drop();
      try {
        const session = await this.#open();
        const { isOurs } = await readOutcome(session, block);
        this.#unknownHash = undefined;
        return isOurs ? 'written' : 'absent';
      } catch (error) {
        this.#drop();
        throw outcomeUnknown(block.header.number, error);
      }
    });
  }

  /** Closes the connection; waits for nothing. An append under way fails with `OUTCOME_UNKNOWN`. */
  async close(): Promise<void> {
    this.#closed = true;
    const session = this.#session;
    this.#session = undefined;
    await session?.close();
  }

  async #append(block: DurableBlock, parameters: unknown[]): Promise<AppendResult> {
    const { number } = block.header;
    let session: WriterSession;
    try {
      session = await this.#open();
    } catch (error) {
      throw this.#stillUnknown(block, error) ?? writeFailed(number, error);
    }
    try {
      const [row] = await session.query<{ moved: number }>(APPEND_SQL, parameters, 'append');
      if (row?.moved === 1) return this.#settled({ status: 'written' });
    } catch (error) {
      throw this.#failed(block, error);
    }
    try {
      const { head, isOurs } = await readOutcome(session, block);
      return this.#settled({ status: isOurs ? 'own' : 'conflict', head });
    } catch (error) {
      this.#drop();
      throw this.#stillUnknown(block, error) ?? writeFailed(number, error);
    }
  }

  #settled(result: AppendResult): AppendResult {
    this.#unknownHash = undefined;
    return result;
  }

  #failed(block: DurableBlock, error: unknown): LogWriteError {
    const failure = appendError(block.header.number, error);
    if (failure.code === 'OUTCOME_UNKNOWN') {
      this.#unknownHash = block.hash;
      this.#drop();
    }
    if (failure.code === 'WRITE_FAILED') return this.#stillUnknown(block, error) ?? failure;
    return failure;
  }

  /** That this call wrote nothing says nothing about an earlier one with the same block. */
  #stillUnknown(block: DurableBlock, error: unknown): LogWriteError | undefined {
    const isUnknown = this.#unknownHash !== undefined && equalBytes(this.#unknownHash, block.hash);
    return isUnknown ? outcomeUnknown(block.header.number, error) : undefined;
  }

  async #open(): Promise<WriterSession> {
    if (this.#session?.isBroken) this.#drop();
    if (this.#session) return this.#session;
    const timeouts = this.#timeouts;
    const session = await WriterSession.open({ url: this.url, applicationName: this.#applicationName, timeouts });
    try {
      if (this.#lost) await session.terminate(this.#lost, Math.floor(timeouts.statementMs / 2));
    } catch (error) {
      session.destroy();
      throw error;
    }
    this.#lost = undefined;
    this.#session = session;
    return session;
  }

  #drop(): void {
    if (!this.#session) return;
    this.#lost = this.#session.backend;
    this.#session.destroy();
    this.#session = undefined;
  }

  async #exclusively<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new Error('the log writer was closed');
    if (this.#busy) throw new Error('the log writer does one thing at a time');
    this.#busy = true;
    try {
      return await work();
    } finally {
      this.#busy = false;
    }
  }
}

/** The head, and whether the block at this height is the given one; of one snapshot. */
async function readOutcome(session: WriterSession, block: DurableBlock): Promise<{ head: Head; isOurs: boolean }> {
  const [row] = await session.query<HeadRow & { is_ours: boolean }>(
    `SELECT head.*, EXISTS (SELECT FROM lockstep.blocks WHERE number = $1::bigint AND hash = $2::bytea) AS is_ours
     FROM (${HEAD_SQL}) AS head`,
    [block.header.number, block.hash],
  );
  if (!row) throw new Error('the log has no genesis yet');
  return { head: headFromRow(row), isOurs: row.is_ours };
}
