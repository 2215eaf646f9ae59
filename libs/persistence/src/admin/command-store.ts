import { type DataSource } from 'typeorm';
import { equalHashes } from './api-key.js';

/** Names a command of the admin API: an idempotency key belongs to the API key that used it. */
export interface CommandKey {
  apiKey: string;
  idempotencyKey: string;
}

/** How a command was answered. */
export interface CommandAnswer {
  status: number;
  /** JSON. */
  response: string;
}

/**
 * What is to be done with a request.
 * - `work`: by this process; `sent` is what an earlier try signed and sent, whose outcome is open
 * - `answered`: give the answer again
 * - `busy`: another request with this key is being worked on
 * - `differs`: the key was used for another request
 */
export type CommandClaim =
  | { status: 'work'; sent: Uint8Array | null }
  | { status: 'answered'; answer: CommandAnswer }
  | { status: 'busy' }
  | { status: 'differs' };

interface Row {
  request_hash: Buffer;
  sent: Buffer | null;
  status: number | null;
  response: string | null;
}

/** Commands of the admin API by idempotency key. They survive a restart; who dies at work is succeeded after a while. */
export class CommandStore {
  /** @param worker names this process; two must never share a name */
  constructor(
    private readonly dataSource: DataSource,
    private readonly worker: string,
    private readonly workMs: number,
  ) {}

  /** Claims a command for this process, or says how it stands. `requestHash`: 32 bytes. */
  async claim({ apiKey, idempotencyKey }: CommandKey, requestHash: Uint8Array): Promise<CommandClaim> {
    const [claimed] = await this.dataSource.query<Row[]>(
      `INSERT INTO lockstep_admin.commands AS c (api_key, idempotency_key, request_hash, worker, worker_until)
       VALUES ($1, $2, $3::bytea, $4, clock_timestamp() + $5::bigint * interval '1 millisecond')
       ON CONFLICT (api_key, idempotency_key) DO UPDATE
         SET worker = excluded.worker, worker_until = excluded.worker_until
         WHERE c.status IS NULL AND c.worker_until <= clock_timestamp() AND c.request_hash = excluded.request_hash
       RETURNING c.request_hash, c.sent, c.status, c.response`,
      [apiKey, idempotencyKey, Buffer.from(requestHash), this.worker, this.workMs],
    );
    if (claimed) return { status: 'work', sent: claimed.sent && new Uint8Array(claimed.sent) };
    const [row] = await this.dataSource.query<Row[]>(
      `SELECT request_hash, sent, status, response FROM lockstep_admin.commands
       WHERE api_key = $1 AND idempotency_key = $2`,
      [apiKey, idempotencyKey],
    );
    // Given back between the two statements: whoever asks again gets it.
    if (!row) return { status: 'busy' };
    if (!equalHashes(row.request_hash, requestHash)) return { status: 'differs' };
    if (row.status === null || row.response === null) return { status: 'busy' };
    return { status: 'answered', answer: { status: row.status, response: row.response } };
  }

  /** Keeps what is about to be sent: whoever goes on later sends the same again. False: the claim was lost. */
  async keepSent({ apiKey, idempotencyKey }: CommandKey, sent: Uint8Array): Promise<boolean> {
    return this.update('sent = $4::bytea', apiKey, idempotencyKey, [Buffer.from(sent)]);
  }

  /** Keeps the answer for good. */
  async settle({ apiKey, idempotencyKey }: CommandKey, { status, response }: CommandAnswer): Promise<void> {
    await this.update('status = $4::smallint, response = $5::text', apiKey, idempotencyKey, [status, response]);
  }

  /** Gives the claim back without an answer: the next request with this key goes on with what was sent. */
  async release({ apiKey, idempotencyKey }: CommandKey): Promise<void> {
    await this.update('worker_until = clock_timestamp()', apiKey, idempotencyKey, []);
  }

  /** Forgets the commands that are older than `ageMs`: their keys may be used anew. */
  async forgetOlderThan(ageMs: number): Promise<void> {
    await this.dataSource.query(
      `DELETE FROM lockstep_admin.commands WHERE created_at < clock_timestamp() - $1::bigint * interval '1 millisecond'`,
      [ageMs],
    );
  }

  private async update(set: string, apiKey: string, idempotencyKey: string, values: unknown[]): Promise<boolean> {
    const rows = await this.dataSource.query<unknown[]>(
      `WITH changed AS (
         UPDATE lockstep_admin.commands SET ${set}
         WHERE api_key = $1 AND idempotency_key = $2 AND worker = $3 AND status IS NULL RETURNING 1
       ) SELECT FROM changed`,
      [apiKey, idempotencyKey, this.worker, ...values],
    );
    return rows.length === 1;
  }
}
