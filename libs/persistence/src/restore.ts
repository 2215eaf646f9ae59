import type { DataSource } from 'typeorm';
import { Genesis, logId, type Restore, SignedRestore } from '#libs/protocol';
import { toNumber } from './entities/transformers.js';
import { DatabaseError } from './errors.js';
import { HEAD_SQL, type HeadRow, headFromRow } from './log/rows.js';

export interface RestoreRequest {
  /** No epoch of the lost branch is above it. */
  epochAbove: number;
  /** Signs a restore of this log with the registry key. @returns 65 bytes */
  sign: (restore: Restore, logId: Uint8Array) => Uint8Array;
}

/** A restore that was declared. */
export interface DeclaredRestore {
  restore: Restore;
  /** The database that may be led from now on. */
  databaseIdentity: string;
  /** The one that was led last; null where none was. */
  formerIdentity: string | null;
}

/**
 * Declares that the log goes on from where this database stands (I11): raises the epoch above those of the lost branch,
 * takes this database for the one to be led, and leaves the RESTORE entry for the next leader to append. One transaction.
 * Run it as the owner of the tables.
 *
 * @throws DatabaseError `GENESIS_MISSING`, `STILL_LED`
 */
export async function declareRestore(
  dataSource: DataSource,
  { epochAbove, sign }: RestoreRequest,
): Promise<DeclaredRestore> {
  return dataSource.transaction(async (manager) => {
    const [genesis] = await manager.query<{ body: Buffer }[]>('SELECT body FROM lockstep.genesis');
    await manager.query('SELECT FROM lockstep.head FOR UPDATE');
    const [row] = await manager.query<HeadRow[]>(HEAD_SQL);
    if (!genesis || !row) throw genesisMissing();
    const [leadership] = await manager.query<LeadershipRow[]>(
      `SELECT epoch, holder, lease_until > clock_timestamp() AS is_held, database_identity AS former,
              lockstep.database_identity() AS identity
       FROM lockstep.leadership FOR UPDATE`,
    );
    const { epoch, holder, is_held: isHeld, former, identity } = leadership!;
    if (isHeld && former === identity) throw stillLed(holder);
    const head = headFromRow(row);
    const above = Math.max(epochAbove, head.epoch, toNumber(epoch));
    const restore: Restore = { lastBlock: head.number, lastHash: head.hash, epochAbove: above };
    const signature = sign(restore, logId(Genesis.deserialize(genesis.body)));
    await manager.query(
      `UPDATE lockstep.leadership SET epoch = $1::bigint, holder = '', url = '', lease_until = clock_timestamp(),
                                      database_identity = $2::text`,
      [above, identity],
    );
    await manager.query('UPDATE lockstep.head SET epoch = $1::bigint', [above]);
    await manager.query(
      'INSERT INTO lockstep.restores (last_block, epoch_above, body) VALUES ($1::bigint, $2::bigint, $3::bytea)',
      [restore.lastBlock, above, SignedRestore.serialize({ restore, signature })],
    );
    return { restore, databaseIdentity: identity, formerIdentity: former };
  });
}

/** The restore that the block after `head` has to carry: SSZ of a SignedRestore, or null. */
export async function pendingRestore(dataSource: DataSource, head: number): Promise<Uint8Array | null> {
  const [row] = await dataSource.query<{ body: Buffer }[]>(
    'SELECT body FROM lockstep.restores WHERE last_block = $1::bigint ORDER BY id DESC LIMIT 1',
    [head],
  );
  return row ? new Uint8Array(row.body) : null;
}

/**
 * Makes sure that a database is the one that was led last.
 * @param former null before anyone has led
 * @throws DatabaseError `RESTORED`
 */
export function assertNotRestored(former: string | null, identity: string): void {
  if (former === null || former === identity) return;
  throw new DatabaseError(
    { code: 'RESTORED', former, identity },
    `This database (${identity}: system identifier and timeline) is not the one that was led last (${former}): it was restored from a backup or promoted.`,
    'Find the highest epoch that any sequencer or executor has seen, then run: lockstep restore --epoch-above N.',
  );
}

interface LeadershipRow {
  epoch: string;
  holder: string;
  is_held: boolean;
  former: string | null;
  identity: string;
}

const genesisMissing = (): DatabaseError =>
  new DatabaseError(
    { code: 'GENESIS_MISSING' },
    'The log has no genesis yet, so there is nothing to restore.',
    'Point DATABASE_URL at the restored database.',
  );

const stillLed = (holder: string): DatabaseError =>
  new DatabaseError(
    { code: 'STILL_LED', holder },
    `This database is led by ${holder} at this moment; it was not restored.`,
    'Stop the sequencers first.',
  );
