import type { ProjectionRows } from './projection-rows.js';

/** Runs one statement in the projector's transaction. */
export type RunSql = (sql: string, parameters: unknown[]) => Promise<unknown>;

/** Adds rows to the projections, one statement a table. */
export async function writeRows(run: RunSql, rows: ProjectionRows): Promise<void> {
  await writePrepared(run, rows.prepared);
  await writeDecided(run, rows.decided);
  await writePrices(run, rows.prices);
  await writeStateRoots(run, rows.stateRoots);
}

async function writePrepared(run: RunSql, rows: ProjectionRows['prepared']): Promise<void> {
  if (rows.length === 0) return;
  await run(
    `INSERT INTO lockstep_admin.operations (prepare_sequence, operation_id, kind, series, signer, participants,
       prepare_block, prepared_at_ms, deadline_ms)
     SELECT s, id, k, se, si, p::bigint[], b, t, d FROM unnest($1::bigint[], $2::bytea[], $3::smallint[], $4::bytea[],
       $5::bytea[], $6::text[], $7::bigint[], $8::bigint[], $9::bigint[]) AS r(s, id, k, se, si, p, b, t, d)`,
    [
      rows.map((row) => row.sequence.toString()),
      rows.map((row) => Buffer.from(row.prepare.operationId)),
      rows.map((row) => row.prepare.intent.selector),
      rows.map((row) => Buffer.from(row.prepare.intent.value.series)),
      rows.map((row) => Buffer.from(row.signer)),
      rows.map((row) => `{${row.prepare.participants.join(',')}}`),
      rows.map((row) => row.blockNumber),
      rows.map((row) => row.timestampMs),
      rows.map((row) => row.prepare.deadlineMs),
    ],
  );
  const accounts = rows.flatMap((row) => row.accounts.map((account) => ({ account, sequence: row.sequence })));
  await run(
    `INSERT INTO lockstep_admin.operation_accounts (account, prepare_sequence)
     SELECT * FROM unnest($1::bytea[], $2::bigint[])`,
    [accounts.map(({ account }) => Buffer.from(account)), accounts.map(({ sequence }) => sequence.toString())],
  );
}

async function writeDecided(run: RunSql, rows: ProjectionRows['decided']): Promise<void> {
  if (rows.length === 0) return;
  await run(
    `UPDATE lockstep_admin.operations AS o
     SET status = r.outcome, reason = r.reason, decision_sequence = r.s, decision_block = r.b, decided_at_ms = r.t
     FROM unnest($1::bytea[], $2::smallint[], $3::smallint[], $4::bigint[], $5::bigint[], $6::bigint[])
       AS r(id, outcome, reason, s, b, t) WHERE o.operation_id = r.id`,
    [
      rows.map((row) => Buffer.from(row.decision.operationId)),
      rows.map((row) => row.decision.outcome),
      rows.map((row) => row.decision.reason),
      rows.map((row) => row.sequence.toString()),
      rows.map((row) => row.blockNumber),
      rows.map((row) => row.timestampMs),
    ],
  );
}

async function writePrices(run: RunSql, rows: ProjectionRows['prices']): Promise<void> {
  if (rows.length === 0) return;
  await run(
    `INSERT INTO lockstep_admin.prices
       (underlying, quote, sequence, round, price, observed_at_ms, block_number, timestamp_ms)
     SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bigint[], $4::numeric[], $5::numeric[], $6::bigint[],
       $7::bigint[], $8::bigint[])`,
    [
      rows.map((row) => Buffer.from(row.price.underlying)),
      rows.map((row) => Buffer.from(row.price.quote)),
      rows.map((row) => row.sequence.toString()),
      rows.map((row) => row.price.round.toString()),
      rows.map((row) => row.price.price.toString()),
      rows.map((row) => row.price.observedAtMs),
      rows.map((row) => row.blockNumber),
      rows.map((row) => row.timestampMs),
    ],
  );
}

async function writeStateRoots(run: RunSql, rows: ProjectionRows['stateRoots']): Promise<void> {
  if (rows.length === 0) return;
  await run(
    `INSERT INTO lockstep_admin.state_roots (chain_id, signer, number, block_hash, root, sequence, timestamp_ms)
     SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bigint[], $4::bytea[], $5::bytea[], $6::bigint[], $7::bigint[])
     ON CONFLICT (chain_id, signer) DO UPDATE SET number = excluded.number, block_hash = excluded.block_hash,
       root = excluded.root, sequence = excluded.sequence, timestamp_ms = excluded.timestamp_ms`,
    [
      rows.map((row) => row.stateRoot.chainId),
      rows.map((row) => Buffer.from(row.signer)),
      rows.map((row) => row.stateRoot.number),
      rows.map((row) => Buffer.from(row.stateRoot.blockHash)),
      rows.map((row) => Buffer.from(row.stateRoot.root)),
      rows.map((row) => row.sequence.toString()),
      rows.map((row) => row.timestampMs),
    ],
  );
}
