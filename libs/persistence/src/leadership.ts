import { type DataSource } from 'typeorm';
import { LeadershipEntity } from './entities/index.js';
import { toNumber } from './entities/transformers.js';
import { DatabaseError } from './errors.js';
import { assertNotRestored } from './restore.js';

/** Who leads, as Postgres has it. */
export interface Leader {
  epoch: number;
  /** Empty: given back, or nobody has led yet. */
  holder: string;
  url: string;
  leaseMs: number;
  leaseUntil: Date;
  startedAt: Date;
  /** By Postgres's clock, when this was read. */
  isExpired: boolean;
}

/**
 * The lease that says which process leads. It is judged by Postgres's clock alone, and only keeps others from trying:
 * what keeps an old leader from writing is the epoch, which `LogWriter.append` compares in the head.
 *
 * Give it a pool of its own, so that a renewal never queues behind reads.
 */
export class Leadership {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Becomes leader if the lease is free or has expired: a new epoch in the leadership row and in the head, in one
   * statement, so it waits for an append under way and no older epoch appends after it.
   *
   * @param holder names the process, not empty
   * @param url where the others forward submissions to
   * @returns the new epoch, or undefined while another holds the lease
   * @throws DatabaseError `GENESIS_MISSING`, `RESTORED` (I11); the driver's error, SQLSTATE 55P03 when the head stayed locked for `lockMs`
   */
  async take(holder: string, url: string, leaseMs: number): Promise<{ epoch: number } | undefined> {
    if (holder === '') throw new RangeError('a leader needs a name');
    const current = await this.current();
    if (!current.isExpired) return undefined; // spares the leader's appends a lock for each try
    const [row] = await this.dataSource.query<{ epoch: string; head_epoch: string | null }[]>(
      `WITH lease AS (
         UPDATE lockstep.leadership
         SET database_identity = lockstep.database_identity(), epoch = epoch + 1, holder = $1::text, url = $2::text, lease_ms = $3::integer,
             lease_until = clock_timestamp() + $3::integer * interval '1 millisecond', started_at = clock_timestamp()
         WHERE lease_until <= clock_timestamp() AND EXISTS (SELECT FROM lockstep.head)
           AND coalesce(database_identity, lockstep.database_identity()) = lockstep.database_identity()
         RETURNING epoch
       ), fenced AS (
         UPDATE lockstep.head SET epoch = lease.epoch FROM lease RETURNING head.epoch
       )
       SELECT lease.epoch, fenced.epoch AS head_epoch FROM lease LEFT JOIN fenced ON true`,
      [holder, url, leaseMs],
    );
    if (row) return { epoch: toNumber(row.epoch) };
    const [head] = await this.dataSource.query<{ former: string | null; identity: string }[]>(
      `SELECT database_identity AS former, lockstep.database_identity() AS identity
       FROM lockstep.head, lockstep.leadership`,
    );
    if (head) {
      assertNotRestored(head.former, head.identity);
      return undefined; // another was faster
    }
    throw new DatabaseError(
      { code: 'GENESIS_MISSING' },
      'The log has no genesis yet, so there is nothing to lead.',
      'Insert the genesis first.',
    );
  }

  /**
   * Prolongs the lease by its length from now on. An expired one can be renewed too, as long as nobody has taken it.
   *
   * @returns false when this epoch leads no longer: stop appending
   */
  async renew(epoch: number): Promise<boolean> {
    const rows = await this.dataSource.query<unknown[]>(
      `WITH renewed AS (
         UPDATE lockstep.leadership SET lease_until = clock_timestamp() + lease_ms * interval '1 millisecond'
         WHERE epoch = $1::bigint AND holder <> '' RETURNING epoch
       ) SELECT FROM renewed`,
      [epoch],
    );
    return rows.length === 1;
  }

  /** Gives the lease back, so that another can lead at once. Does nothing if this epoch leads no longer. */
  async release(epoch: number): Promise<void> {
    await this.dataSource.query(
      `UPDATE lockstep.leadership SET holder = '', url = '', lease_until = clock_timestamp()
       WHERE epoch = $1::bigint`,
      [epoch],
    );
  }

  /** Who leads now. */
  async current(): Promise<Leader> {
    const { entities, raw } = await this.dataSource
      .getRepository(LeadershipEntity)
      .createQueryBuilder('leader')
      .addSelect('leader.lease_until <= clock_timestamp()', 'is_expired')
      .getRawAndEntities<{ is_expired: boolean }>();
    const { epoch, holder, url, leaseMs, leaseUntil, startedAt } = entities[0]!;
    return { epoch, holder, url, leaseMs, leaseUntil, startedAt, isExpired: raw[0]!.is_expired };
  }

  /** Postgres's clock in ms since 1970: what a node compares its own with before it leads. */
  async clockMs(): Promise<number> {
    const [row] = await this.dataSource.query<{ ms: string }[]>(
      'SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS ms',
    );
    return toNumber(row!.ms);
  }
}
