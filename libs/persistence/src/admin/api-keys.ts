import { type DataSource } from 'typeorm';
import { DatabaseError } from '../errors.js';
import { type ApiKey, type ApiRole, equalHashes, newApiKey, parseApiKey } from './api-key.js';

/** What a key's text is worth. Only who knows the secret hears that its key is expired or revoked. */
export type Authentication = { status: 'valid'; key: ApiKey } | { status: 'unknown' | 'expired' | 'revoked' };

/** A key that was just made. `text` is kept nowhere: it is shown this once. */
export interface IssuedApiKey {
  key: ApiKey;
  text: string;
}

interface Row {
  id: string;
  name: string;
  role: ApiRole;
  created_at: Date;
  expires_at: Date | null;
  revoked_at: Date | null;
  rotated_to: string | null;
  secret_hash: Buffer;
  is_expired: boolean;
}

const COLUMNS = `id, name, role, created_at, expires_at, revoked_at, rotated_to, secret_hash,
  coalesce(expires_at <= clock_timestamp(), false) AS is_expired`;

/** The keys of the admin API, in Postgres; expiry is judged by its clock. */
export class ApiKeys {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Makes a key.
   * @param name 1 to 64 bytes: for people and the audit log
   * @param expiresAt null: it never expires
   */
  async create(name: string, role: ApiRole, expiresAt: Date | null = null): Promise<IssuedApiKey> {
    const { id, secretHash, text } = newApiKey();
    const [row] = await this.dataSource.query<Row[]>(
      `INSERT INTO lockstep_admin.api_keys (id, name, role, secret_hash, expires_at)
       VALUES ($1, $2, $3, $4::bytea, $5::timestamptz) RETURNING ${COLUMNS}`,
      [id, name, role, Buffer.from(secretHash), expiresAt],
    );
    return { key: toKey(row!), text };
  }

  /** Every key, the newest first. */
  async list(): Promise<ApiKey[]> {
    const rows = await this.dataSource.query<Row[]>(
      `SELECT ${COLUMNS} FROM lockstep_admin.api_keys ORDER BY created_at DESC, id`,
    );
    return rows.map(toKey);
  }

  /** What the text of a key is worth now. */
  async authenticate(text: string): Promise<Authentication> {
    const parts = parseApiKey(text);
    if (!parts) return { status: 'unknown' };
    const row = await this.find(parts.id);
    if (!row || !equalHashes(row.secret_hash, parts.secretHash)) return { status: 'unknown' };
    if (row.revoked_at) return { status: 'revoked' };
    return row.is_expired ? { status: 'expired' } : { status: 'valid', key: toKey(row) };
  }

  /** Those of these keys that count no longer: revoked, expired or unknown. */
  async endedAmong(ids: readonly string[]): Promise<string[]> {
    const rows = await this.dataSource.query<{ id: string }[]>(
      `SELECT id FROM lockstep_admin.api_keys
       WHERE id = ANY($1::text[]) AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp())`,
      [ids],
    );
    const valid = new Set(rows.map(({ id }) => id));
    return ids.filter((id) => !valid.has(id));
  }

  /**
   * Makes a key in the place of another, with its name, role and expiry; the old one goes on for `overlapMs`.
   * @throws DatabaseError `API_KEY_NOT_ROTATABLE` for one that is unknown, revoked, expired, or was rotated before
   */
  async rotate(id: string, overlapMs: number): Promise<IssuedApiKey> {
    const next = newApiKey();
    const [row] = await this.dataSource.query<Row[]>(
      `WITH old AS (
         SELECT * FROM lockstep_admin.api_keys
         WHERE id = $1 AND revoked_at IS NULL AND rotated_to IS NULL
           AND (expires_at IS NULL OR expires_at > clock_timestamp())
         FOR UPDATE
       ), made AS (
         INSERT INTO lockstep_admin.api_keys (id, name, role, secret_hash, expires_at)
         SELECT $2, name, role, $3::bytea, expires_at FROM old RETURNING *
       ), ended AS (
         UPDATE lockstep_admin.api_keys AS k
         SET rotated_to = $2, expires_at = least(k.expires_at, clock_timestamp() + $4::bigint * interval '1 millisecond')
         FROM made WHERE k.id = $1
       )
       SELECT ${COLUMNS} FROM made`,
      [id, next.id, Buffer.from(next.secretHash), overlapMs],
    );
    if (!row) {
      throw new DatabaseError(
        { code: 'API_KEY_NOT_ROTATABLE', id },
        `There is no valid API key ${id} that was not rotated before.`,
        'See `lockstep api-key list`.',
      );
    }
    return { key: toKey(row), text: next.text };
  }

  /**
   * Ends a key at once. One that is revoked already stays as it is.
   * @throws DatabaseError `API_KEY_UNKNOWN`
   */
  async revoke(id: string): Promise<ApiKey> {
    await this.dataSource.query(
      'UPDATE lockstep_admin.api_keys SET revoked_at = clock_timestamp() WHERE id = $1 AND revoked_at IS NULL',
      [id],
    );
    const row = await this.find(id);
    if (!row) {
      throw new DatabaseError(
        { code: 'API_KEY_UNKNOWN', id },
        `There is no API key ${id}.`,
        'See `lockstep api-key list`.',
      );
    }
    return toKey(row);
  }

  private async find(id: string): Promise<Row | undefined> {
    const [row] = await this.dataSource.query<Row[]>(`SELECT ${COLUMNS} FROM lockstep_admin.api_keys WHERE id = $1`, [
      id,
    ]);
    return row;
  }
}

const toKey = (row: Row): ApiKey => ({
  id: row.id,
  name: row.name,
  role: row.role,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  revokedAt: row.revoked_at,
  rotatedTo: row.rotated_to,
});
