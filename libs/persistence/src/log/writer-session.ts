import { GuardedClient } from '../database/guarded-client.js';
import { clientConfig, type DatabaseTimeouts } from '../database/options.js';
import { checkSettings, SETTINGS_SQL } from '../database/settings.js';
import { assertNotRestored } from '../restore.js';

/** Names one server process for good: its pid alone may be used again. */
export interface Backend {
  pid: number;
  startedAt: string;
}

export interface SessionOptions {
  url: string;
  applicationName: string;
  timeouts: DatabaseTimeouts;
}

const LED_SQL = 'SELECT database_identity AS former, lockstep.database_identity() AS identity FROM lockstep.leadership';

const TRANSACTION_TIMEOUT_SINCE = 170_000;

/** One connection of the log writer. It is used until it breaks and then never again. */
export class WriterSession {
  #broken = false;

  private constructor(
    readonly backend: Backend,
    private readonly client: GuardedClient,
  ) {
    client.on('error', () => (this.#broken = true));
    client.on('end', () => (this.#broken = true));
  }

  /** Connects and makes sure that commits are durable; throws the driver's errors, those of `checkSettings`, `RESTORED`. */
  static async open({ url, applicationName, timeouts }: SessionOptions): Promise<WriterSession> {
    const client = new GuardedClient({
      connectionString: url,
      application_name: applicationName,
      ...clientConfig(timeouts),
    });
    client.on('error', () => {});
    try {
      await client.connect();
      const { rows } = await client.query(`${SETTINGS_SQL}, pid, backend_start::text AS started_at
        FROM pg_stat_activity WHERE pid = pg_backend_pid()`);
      const { serverVersion } = checkSettings(rows[0]);
      // Behind the same address another server may answer by now: one that was restored or promoted (I11).
      const [led] = (await client.query(LED_SQL)).rows as { former: string | null; identity: string }[];
      if (led) assertNotRestored(led.former, led.identity);
      await client.query(sessionSettings(serverVersion, timeouts));
      const { pid, started_at: startedAt } = rows[0] as { pid: number; started_at: string };
      return new WriterSession({ pid, startedAt }, client);
    } catch (error) {
      client.destroy();
      throw error;
    }
  }

  get isBroken(): boolean {
    return this.#broken;
  }

  /** Runs one statement; prepared once under `name` where given. */
  async query<Row>(text: string, values: unknown[], name?: string): Promise<Row[]> {
    const { rows } = await this.client.query({ text, values, ...(name !== undefined && { name }) });
    return rows as Row[];
  }

  /**
   * Makes sure that a backend of an earlier session is gone: until then it may still commit what it was sent, even
   * minutes later if it was frozen.
   *
   * @throws Error when it is still there after `waitMs`
   */
  async terminate(backend: Backend, waitMs: number): Promise<void> {
    const rows = await this.query<{ gone: boolean }>(
      `SELECT pg_terminate_backend(pid, $3::bigint) AS gone FROM pg_stat_activity
       WHERE pid = $1::integer AND backend_start = $2::timestamptz`,
      [backend.pid, backend.startedAt, waitMs],
    );
    if (rows.some((row) => !row.gone))
      throw new Error(`Postgres process ${backend.pid} of the lost connection still runs`);
  }

  /** Says goodbye where the connection still works. */
  async close(): Promise<void> {
    if (!this.#broken) await this.client.end();
  }

  /** Drops the connection at once. */
  destroy(): void {
    this.#broken = true;
    this.client.destroy();
  }
}

/**
 * A host that vanished is noticed by the server in about 10 s, so that it keeps no lock on the head. Cut off between
 * statement and commit, it would hold it until then; where the server has `transaction_timeout`, not that long.
 */
function sessionSettings(serverVersion: number, { answerMs }: DatabaseTimeouts): string {
  const settings = ['tcp_keepalives_idle = 4', 'tcp_keepalives_interval = 2', 'tcp_keepalives_count = 3'];
  if (serverVersion >= TRANSACTION_TIMEOUT_SINCE) settings.push(`transaction_timeout = ${answerMs}`);
  return settings.map((setting) => `SET ${setting}`).join(';');
}
