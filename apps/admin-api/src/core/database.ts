import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { createDataSource, LogReader } from '#libs/persistence';
import type { Logger } from '#libs/runtime';
import type { AdminApiSettings } from '../config.js';
import { ProblemError } from '../http/problem.js';
import { Parts } from './parts.js';
import { LOGGER, SETTINGS } from './tokens.js';

export const POSTGRES = 'postgres';
const RETRY_MS = 500;

/**
 * Postgres as requests use it: a small pool of their own with a short statement timeout, so that nobody's question can
 * hold up the log. It connects in the background, for ever. While Postgres is away one question at a time goes to it, to
 * see whether it is back; all others are refused at once, where it is frozen too.
 */
@Injectable()
export class Database implements OnApplicationBootstrap, OnModuleDestroy {
  private source: DataSource | null = null;
  private readonly closing = new AbortController();
  private connecting: Promise<void> | null = null;
  private isProbing = false;

  constructor(
    @Inject(SETTINGS) private readonly settings: AdminApiSettings,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(Parts) private readonly parts: Parts,
  ) {}

  onApplicationBootstrap(): void {
    this.connecting = this.connect();
  }

  async onModuleDestroy(): Promise<void> {
    this.closing.abort();
    await this.connecting;
    await this.source?.destroy();
  }

  /** @throws ProblemError `UNAVAILABLE` when Postgres is away or too slow */
  async query<T>(sql: string, parameters: readonly unknown[] = []): Promise<T[]> {
    return this.use((source) => source.query<T[]>(sql, [...parameters]));
  }

  /** Reads through the log's own reader. @throws ProblemError as {@link query} */
  async read<T>(read: (reader: LogReader) => Promise<T>): Promise<T> {
    return this.use((source) => read(new LogReader(source)));
  }

  /** Works with the pool. @throws ProblemError as {@link query} */
  async use<T>(work: (source: DataSource) => Promise<T>): Promise<T> {
    const isAwayNow = this.parts.isAway(POSTGRES);
    if (!this.source || (isAwayNow && this.isProbing)) throw ProblemError.away(this.parts.missing([POSTGRES]));
    if (isAwayNow) this.isProbing = true;
    try {
      const result = await work(this.source);
      this.parts.works(POSTGRES);
      return result;
    } catch (err) {
      if (!isAway(err)) throw err;
      this.logger.warn({ err }, 'Postgres does not answer');
      this.parts.failed(POSTGRES, (err as Error).message);
      throw ProblemError.away(this.parts.missing([POSTGRES]));
    } finally {
      if (isAwayNow) this.isProbing = false;
    }
  }

  private async connect(): Promise<void> {
    this.parts.failed(POSTGRES, 'not connected yet');
    const statementMs = this.settings.LOCKSTEP_ADMIN_STATEMENT_MS;
    while (!this.closing.signal.aborted) {
      try {
        this.source = await createDataSource(this.settings.DATABASE_URL, {
          applicationName: 'lockstep admin-api',
          poolSize: this.settings.LOCKSTEP_ADMIN_POOL_SIZE,
          timeouts: { statementMs, answerMs: statementMs + 500 },
          onError: (err) => this.logger.warn({ err }, 'a database connection failed'),
        });
        this.parts.works(POSTGRES);
        return;
      } catch (err) {
        this.parts.failed(POSTGRES, (err as Error).message);
        await delay(RETRY_MS, undefined, { signal: this.closing.signal }).catch(() => undefined);
      }
    }
  }
}

/** SQLSTATE classes of a server that is away, starting, ending, full, or too slow (57014: statement timeout). */
const AWAY_STATES = /^(08|53|57)/;

/** Whether an error says that Postgres is away, rather than that our statement is wrong. */
export function isAway(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) return AWAY_STATES.test(code);
  return error instanceof Error;
}
