// Shows that the audit of a log in Postgres finds each change that the owner of its tables could make, and that evidence
// made from it holds. A real server; the database of each test is a copy of one log.
import { rmSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkCertificate, openRegistryExport } from '#libs/atomic-commit';
import { recoverAddress, SenderRecoveryPool } from '#libs/crypto';
import { AuditReader, createDataSource, EvidenceReader } from '#libs/persistence';
import { EntryKind, Outcome } from '#libs/protocol';
import { historyFixtures, type PostgresServer, startPostgres, temporaryDirectory } from '#libs/testkit';
import { checkCertificatePlan, checkPreconfirmation } from '../index.js';
import { DatabaseSource } from '../source/database-source.js';
import { rulesOf } from '../testing/audit-memory.js';
import { storeLog } from '../testing/stored-log.js';
import { auditLog, type AuditReport } from './audit-log.js';

let server: PostgresServer;
let directory: string;
let network: historyFixtures.TinyNetwork;
let pool: SenderRecoveryPool;
let copies = 0;

beforeAll(async () => {
  directory = temporaryDirectory('audit');
  server = await startPostgres({ dataDir: directory });
  pool = new SenderRecoveryPool({ workers: 1 }, {});
  ({ network } = await historyFixtures.playScenario());
  await run(server.url, 'CREATE DATABASE whole');
  await storeLog(urlOf('whole'), network);
});
afterAll(async () => {
  await pool.close();
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

const urlOf = (name: string): string => server.url.replace(/[^/]+$/, name);

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** Audits a copy of the log after some SQL by the tables' owner, who has dropped what protects them. */
async function auditAfter(sql: string): Promise<AuditReport> {
  const name = `copy${++copies}`;
  await run(server.url, `CREATE DATABASE ${name} TEMPLATE whole`);
  const tables = ['genesis', 'blocks', 'entries', 'operations', 'decisions', 'audit'];
  const unprotect = tables.map((table) => `DROP TRIGGER append_only ON lockstep.${table};`).join('\n');
  await run(urlOf(name), `${unprotect}\nSET session_replication_role = replica;\n${sql}`);
  const dataSource = await createDataSource(urlOf(name), { poolSize: 3 });
  try {
    const reader = new AuditReader(dataSource);
    return await auditLog({
      source: new DatabaseSource(reader),
      tables: reader,
      recover: recoverAddress,
      recoverSenders: (records) => pool.recover(records),
    });
  } finally {
    await dataSource.destroy();
  }
}

describe('a log in Postgres', () => {
  it('that nobody has changed has no problem', async () => {
    const report = await auditAfter('');
    expect(report.problems).toEqual([]);
    expect(report).toMatchObject({ ok: true, blocks: network.blocks.length, entries: network.entries.length });
    expect(report.stateRoots).toEqual({ stated: 5, compared: 5 });
  });

  const transaction = '(SELECT min(sequence) FROM lockstep.entries WHERE kind = 1)';
  const cases: [string, string[], string][] = [
    [
      'a sender',
      ['I5 SENDER', 'I2 LANES_ROOT'],
      `UPDATE lockstep.entries SET sender = decode(repeat('01', 20), 'hex') WHERE sequence = ${transaction}`,
    ],
    [
      'the bytes of an entry',
      ['I2 ENTRY_ID'],
      `UPDATE lockstep.entries SET bytes = set_byte(bytes, 60, 7) WHERE sequence = ${transaction}`,
    ],
    [
      'the order of two entries',
      ['I2 LANES_ROOT'],
      // Past one another by way of negative numbers: the sequence is the primary key.
      `UPDATE lockstep.entries SET sequence = -sequence WHERE sequence IN (3, 4);
       UPDATE lockstep.entries SET sequence = 7 + sequence WHERE sequence IN (-3, -4)`,
    ],
    ['an entry that is gone', ['I1 ENTRY_COUNT'], `DELETE FROM lockstep.entries WHERE sequence = ${transaction}`],
    ['a block that is gone', ['I2 BLOCK_MISSING'], 'DELETE FROM lockstep.blocks WHERE number = 4'],
    [
      'the newest block gone, the head left',
      ['I2 BLOCKS_MISSING', 'I2 HEAD_ROW'],
      'DELETE FROM lockstep.blocks WHERE number = (SELECT max(number) FROM lockstep.blocks)',
    ],
    [
      'an entry too many',
      ['I16 ROW_COUNT'],
      "INSERT INTO lockstep.entries SELECT -5, block_number, 99, 1, 2, decode(repeat('07', 32), 'hex'), NULL, NULL, bytes FROM lockstep.entries WHERE kind = 2 LIMIT 1",
    ],
    [
      'a lane sequence',
      ['I1 LANE_SEQUENCE'],
      `UPDATE lockstep.entries SET lane_sequence = lane_sequence + 1000 WHERE sequence = ${transaction}`,
    ],
    [
      'a signature',
      ['I2 HEADER_SIGNATURE'],
      'UPDATE lockstep.blocks SET signature = (SELECT signature FROM lockstep.blocks WHERE number = 3) WHERE number = 5',
    ],
    [
      'a hash',
      ['I2 BLOCK_HASH'],
      'UPDATE lockstep.blocks SET hash = set_byte(hash, 0, (get_byte(hash, 0) + 1) % 256) WHERE number = 5',
    ],
    ['an epoch', ['I2 BLOCK_ROW'], 'UPDATE lockstep.blocks SET epoch = 9 WHERE number = 5'],
    [
      'a lane root',
      ['I2 LANE_ROOT'],
      'UPDATE lockstep.blocks SET lane_roots = set_byte(lane_roots, 40, (get_byte(lane_roots, 40) + 1) % 256) WHERE number = 5',
    ],
    ['the log id', ['I2 GENESIS'], "UPDATE lockstep.genesis SET log_id = decode(repeat('01', 32), 'hex')"],
    ['the head', ['I2 HEAD_ROW'], "UPDATE lockstep.head SET hash = decode(repeat('01', 32), 'hex')"],
    ['the epoch of the head', ['I3 HEAD_ROW'], 'UPDATE lockstep.head SET epoch = 0'],
    [
      'a decision row that contradicts its entry',
      ['I16 DECISION_ROW'],
      `UPDATE lockstep.decisions SET outcome = ${Outcome.abort} WHERE outcome = ${Outcome.commit}`,
    ],
    [
      'a decision row that is gone',
      ['I16 DECISION_ROW', 'I16 ROW_COUNT'],
      'DELETE FROM lockstep.decisions WHERE sequence = (SELECT min(sequence) FROM lockstep.decisions)',
    ],
    [
      'an operation row',
      ['I16 OPERATION_ROW'],
      'UPDATE lockstep.operations SET deadline_ms = deadline_ms + 1 WHERE nonce = 1',
    ],
    ['an audit row', ['I34 AUDIT_CHAIN'], "UPDATE lockstep.audit SET actor = 'eve' WHERE id = 1"],
    ['an audit row that is gone', ['I34 AUDIT_CHAIN'], 'DELETE FROM lockstep.audit WHERE id = 1'],
    ['the time of an audit row', ['I34 AUDIT_CHAIN'], 'UPDATE lockstep.audit SET at_ms = at_ms + 1 WHERE id = 2'],
    [
      'the newest audit row, whose hash nothing follows',
      ['I34 AUDIT_CHAIN'],
      "UPDATE lockstep.audit SET hash = decode(repeat('07', 32), 'hex') WHERE id = 2",
    ],
    [
      'an audit row too many',
      ['I34 AUDIT_CHAIN'],
      `INSERT INTO lockstep.audit (id, block_number, at_ms, actor, command, detail, previous_hash, hash)
       SELECT 3, block_number, at_ms, 'eve', command, detail, hash, decode(repeat('07', 32), 'hex')
       FROM lockstep.audit WHERE id = 2`,
    ],
    ['a nonce', ['I5 NONCE_ROW'], `UPDATE lockstep.entries SET nonce = 77 WHERE sequence = ${transaction}`],
  ];
  it.each(cases)('with a change of %s is found: %j', async (_what, expected, sql) => {
    expect(rulesOf(await auditAfter(sql))).toEqual(expect.arrayContaining(expected));
  });
});

describe('evidence made from Postgres', () => {
  it('holds for every decided operation and every transaction, with the exported registries', async () => {
    const dataSource = await createDataSource(urlOf('whole'), { poolSize: 1 });
    try {
      const evidence = new EvidenceReader(dataSource, network.genesis);
      const book = openRegistryExport(await evidence.registries());
      const outcomes = [];
      for (const { kind, operationId } of await operationsOf(dataSource)) {
        const certificate = (await evidence.certificate(operationId))!;
        const checked = checkCertificate(certificate, book, recoverAddress);
        const { outcome } = checked.decision.value;
        outcomes.push(outcome);
        if (outcome === (Outcome.commit as number)) checkCertificatePlan(checked, book, recoverAddress);
        expect(certificate.price).toHaveLength(kind === 0 ? 1 : 0);
      }
      expect(new Set(outcomes)).toEqual(new Set([Outcome.commit, Outcome.abort]));
      const transactions = network.entries.filter(({ kind }) => kind === EntryKind.TRANSACTION);
      for (const { id, laneSequence } of transactions) {
        const proved = (await evidence.preconfirmation(id))!;
        expect(checkPreconfirmation(proved, book, recoverAddress).laneSequence).toBe(laneSequence);
      }
    } finally {
      await dataSource.destroy();
    }
  });

  it('exports the registry in force in the blocks asked for, and is null for what the log does not have', async () => {
    const dataSource = await createDataSource(urlOf('whole'), { poolSize: 1 });
    try {
      const evidence = new EvidenceReader(dataSource, network.genesis);
      const series = async (blocks?: number[]): Promise<number[]> =>
        (await evidence.registries(blocks)).registries.map((registry) => registry.series.length);
      expect(await series([1])).toEqual([0]);
      expect(await series([2])).toEqual([2]);
      expect(await series([9, 1, 2])).toEqual([0, 2]);
      expect(await series()).toEqual([2, 0]);
      const unknown = new Uint8Array(32);
      expect([await evidence.certificate(unknown), await evidence.preconfirmation(unknown)]).toEqual([null, null]);
      const price = network.entries.find(({ kind }) => kind === EntryKind.PRICE)!;
      expect(await evidence.preconfirmation(price.id)).toBeNull();
    } finally {
      await dataSource.destroy();
    }
  });
});

const operationsOf = async (dataSource: Awaited<ReturnType<typeof createDataSource>>) =>
  (
    await dataSource.query<{ kind: number; operation_id: Buffer }[]>(
      'SELECT kind, operation_id FROM lockstep.operations',
    )
  ).map(({ kind, operation_id }) => ({ kind, operationId: new Uint8Array(operation_id) }));
