import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Client } from 'pg';
import { createDataSource, LogReader } from '#libs/persistence';
import {
  Decision,
  encodeEntry,
  EntryKind,
  Header,
  LegAccount,
  LegDirection,
  logId,
  OperationKind,
  Outcome,
  Prepare,
  Reason,
  SHARED_LANE,
  SignedPrice,
} from '#libs/protocol';
import { genesisOf, readTopology } from '#libs/runtime';
import { PROJECT_ROOT } from '#libs/testkit';

/** Entries of each block; one in a hundred is a price, one a PREPARE, one a DECISION, the rest are transactions. */
const BLOCK_ENTRIES = 500;
const SHARED_EACH = BLOCK_ENTRIES / 100;
const SHARED_ENTRIES = 3 * SHARED_EACH;
const BLOCKS_A_BATCH = 20;
const BYTES_OF_TRANSACTION = 180;
const BLOCK_MS = 25;

/** What the measured lists are asked for. */
export interface SyntheticLog {
  chainIds: number[];
  senders: string[];
  series: string[];
  accounts: string[];
  underlying: string;
  quote: string;
}

const hex = (bytes: Uint8Array): string => `0x${Buffer.from(bytes).toString('hex')}`;
const some = (count: number, length: number): Buffer[] => Array.from({ length: count }, () => randomBytes(length));
const pick = <T>(items: readonly T[]): T => items[Math.floor(Math.random() * items.length)]!;

/**
 * Fills an empty database with a log of `entries` entries of every kind that lists are about. Rows, headers and bodies
 * have their true forms; signatures, hashes and the content of transactions are random, since lists do not look at them.
 */
export async function loadSyntheticLog(url: string, database: Client, entries: number): Promise<SyntheticLog> {
  const topology = readTopology(join(PROJECT_ROOT, 'config', 'devnet.json'));
  const genesis = genesisOf(topology, new Uint8Array(32), Date.now() - 1);
  const dataSource = await createDataSource(url);
  await new LogReader(dataSource).insertGenesis(genesis);
  await dataSource.destroy();
  const [market] = genesis.registry.markets;
  const chainIds = genesis.registry.rollups.map(({ chainId }) => chainId);
  const [senders, series, accounts] = [some(300, 20), some(40, 32), some(200, 20)];
  const blocks = Math.ceil(entries / BLOCK_ENTRIES);
  let parentHash: Uint8Array = logId(genesis);
  for (let first = 1; first <= blocks; first += BLOCKS_A_BATCH) {
    const numbers = Array.from({ length: Math.min(BLOCKS_A_BATCH, blocks - first + 1) }, (_, at) => first + at);
    const headers = numbers.map((number): { header: Uint8Array; hash: Uint8Array } => {
      const header = {
        ...{ version: 1, logId: logId(genesis), number, parentHash, epoch: 1, entryCount: BLOCK_ENTRIES },
        timestamp: genesis.startTimeMs + number * BLOCK_MS,
        firstSequence: BigInt((number - 1) * BLOCK_ENTRIES + 1),
        ...{ lanesRoot: randomBytes(32), registryRoot: randomBytes(32), leader: genesis.registry.sequencerKeys[0]! },
      };
      return { header: Header.serialize(header), hash: (parentHash = Header.hashTreeRoot(header)) };
    });
    await insertBlocks(database, numbers, headers, chainIds, genesis.startTimeMs);
    await insertTransactions(database, numbers, chainIds, senders);
    await insertShared(database, numbers, () => sharedEntries(market!, series, accounts, chainIds));
  }
  await database.query(
    `UPDATE lockstep.head SET epoch = 1, number = b.number, hash = b.hash, timestamp_ms = b.timestamp_ms,
       last_sequence = b.first_sequence + b.entry_count - 1
     FROM (SELECT * FROM lockstep.blocks ORDER BY number DESC LIMIT 1) AS b`,
  );
  await insertIncidents(database, chainIds);
  await database.query('VACUUM ANALYZE');
  return {
    chainIds,
    senders: senders.map(hex),
    series: series.map(hex),
    accounts: accounts.map(hex),
    underlying: hex(market!.underlying),
    quote: hex(market!.quote),
  };
}

/** As many as the leader of a disturbed network records, and as many as are kept of executors. */
async function insertIncidents(database: Client, chainIds: readonly number[]): Promise<void> {
  await database.query(
    `INSERT INTO lockstep.incidents (kind, detail)
     SELECT (ARRAY['refused_vote', 'conflicting_votes', 'differing_roots'])[1 + n % 3],
       jsonb_build_object('chainId', ($1::bigint[])[1 + n % cardinality($1::bigint[])], 'n', n)
     FROM generate_series(1, 10000) AS n`,
    [chainIds],
  );
  await database.query(
    `INSERT INTO lockstep_admin.executor_incidents (began, ended, chain_id, key, kind, since, until, detail)
     SELECT 2 * n - 1, 2 * n, ($1::bigint[])[1 + n % cardinality($1::bigint[])], '0x' || repeat('11', 20),
       'silent_executor', clock_timestamp(), clock_timestamp(), '{}'
     FROM generate_series(1, 10000) AS n`,
    [chainIds],
  );
}

async function insertBlocks(
  database: Client,
  numbers: readonly number[],
  headers: readonly { header: Uint8Array; hash: Uint8Array }[],
  chainIds: readonly number[],
  startMs: number,
): Promise<void> {
  // Transactions go round the rollups by their sequence, so each lane has its share of every block.
  await database.query(
    `INSERT INTO lockstep.blocks (number, hash, epoch, timestamp_ms, first_sequence, entry_count, header, signature,
       lane_chain_ids, lane_first_sequences, lane_entry_counts, lane_roots)
     SELECT n, h, 1, $5::bigint + n * ${BLOCK_MS}, (n - 1) * ${BLOCK_ENTRIES} + 1, ${BLOCK_ENTRIES}, header, $4::bytea,
       $6::bigint[], array_fill(1::bigint, ARRAY[cardinality($6::bigint[])]),
       array_fill(0, ARRAY[cardinality($6::bigint[])]), $7::bytea
     FROM unnest($1::bigint[], $2::bytea[], $3::bytea[]) AS r(n, h, header)`,
    [
      numbers,
      headers.map(({ hash }) => Buffer.from(hash)),
      headers.map(({ header }) => Buffer.from(header)),
      randomBytes(65),
      startMs,
      [SHARED_LANE, ...chainIds],
      randomBytes(32 * (chainIds.length + 1)),
    ],
  );
}

/** Lane sequences and nonces follow from the sequence, so that they have no gaps and no two are the same. */
async function insertTransactions(
  database: Client,
  numbers: readonly number[],
  chainIds: readonly number[],
  senders: readonly Buffer[],
): Promise<void> {
  const each = BLOCK_ENTRIES - SHARED_ENTRIES;
  await database.query(
    `INSERT INTO lockstep.entries (sequence, block_number, lane, lane_sequence, kind, id, sender, nonce, bytes)
     SELECT (n - 1) * ${BLOCK_ENTRIES} + i, n, ($2::bigint[])[1 + k % cardinality($2::bigint[])],
       1 + k / cardinality($2::bigint[]), 1, sha256(int8send(k)),
       ($3::bytea[])[1 + (k / cardinality($2::bigint[])) % cardinality($3::bytea[])],
       k / (cardinality($2::bigint[]) * cardinality($3::bytea[])),
       substring($4::bytea FROM 1 + (k % 1000)::integer FOR ${BYTES_OF_TRANSACTION})
     FROM unnest($1::bigint[]) AS n, generate_series(1, ${each}) AS i, LATERAL (SELECT (n - 1) * ${each} + i - 1 AS k) AS t`,
    [numbers, chainIds, senders, randomBytes(1_000 + BYTES_OF_TRANSACTION)],
  );
}

async function insertShared(
  database: Client,
  numbers: readonly number[],
  entriesOfBlock: () => { kind: EntryKind; bytes: Uint8Array }[],
): Promise<void> {
  const rows = numbers.flatMap((number) =>
    entriesOfBlock().map((entry, at) => ({
      ...entry,
      number,
      sequence: number * BLOCK_ENTRIES - SHARED_ENTRIES + at + 1,
      laneSequence: (number - 1) * SHARED_ENTRIES + at + 1,
    })),
  );
  await database.query(
    `INSERT INTO lockstep.entries (sequence, block_number, lane, lane_sequence, kind, id, bytes)
     SELECT s, n, ${SHARED_LANE}, l, k, sha256(b || int8send(s)), b
     FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::smallint[], $5::bytea[]) AS r(s, n, l, k, b)`,
    [
      rows.map(({ sequence }) => sequence),
      rows.map(({ number }) => number),
      rows.map(({ laneSequence }) => laneSequence),
      rows.map(({ kind }) => kind),
      rows.map(({ bytes }) => Buffer.from(bytes)),
    ],
  );
}

function sharedEntries(
  { underlying, quote }: { underlying: Uint8Array; quote: Uint8Array },
  series: readonly Buffer[],
  accounts: readonly Buffer[],
  chainIds: readonly number[],
): { kind: EntryKind; bytes: Uint8Array }[] {
  const ids = some(SHARED_EACH, 32);
  const price = { underlying, quote, round: 1n, price: 2_400_000_000n, observedAtMs: Date.now() };
  const signature = randomBytes(65);
  return [
    ...ids.map(() => ({ kind: EntryKind.PRICE, bytes: SignedPrice.serialize({ price, signature }) })),
    ...ids.map((id) => ({
      kind: EntryKind.PREPARE,
      bytes: Prepare.serialize(prepareOf(id, series, accounts, chainIds)),
    })),
    ...ids.map((operationId, at) => ({
      kind: EntryKind.DECISION,
      bytes: Decision.serialize({
        ...{ operationId, prepareId: operationId, votes: [], auditId: 0n },
        outcome: at === 0 ? Outcome.abort : Outcome.commit,
        reason: at === 0 ? Reason.expired : Reason.none,
      }),
    })),
  ].map(({ kind, bytes }) => ({ kind, bytes: encodeEntry(kind, bytes) }));
}

function prepareOf(
  operationId: Uint8Array,
  series: readonly Buffer[],
  accounts: readonly Buffer[],
  chainIds: readonly number[],
): Prepare {
  const [holder, backer, subject] = [pick(accounts), pick(accounts), pick(series)];
  const leg = { direction: LegDirection.hold, subject, amount: 1n };
  return {
    operationId,
    intent: {
      selector: OperationKind.exercise,
      value: {
        ...{ series: subject, holder, backer, quantity: 1n, minPriceRound: 0n, maxPriceAgeMs: 1n },
        ...{ deadlineMs: 1n, nonce: 1n },
      },
    },
    signatures: [],
    participants: chainIds.slice(0, 2),
    legs: [
      { ...leg, chainId: chainIds[0]!, account: LegAccount.position, owner: holder, backer },
      { ...leg, chainId: chainIds[1]!, account: LegAccount.exposure, owner: backer, backer },
    ],
    ...{ priceRound: 1n, payout: 1n, deadlineMs: Date.now() },
  };
}
