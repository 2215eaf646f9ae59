import { describe, expect, it } from 'vitest';
import { EntryKind } from '#libs/protocol';
import { auditHash, nextAuditRow } from '../audit/audit-row.js';
import { verifyAuditChain } from '../audit/verify-audit-chain.js';
import { auditRows } from '../fixtures/audit.js';
import { operationOf, shared, transaction } from '../fixtures/chain.js';
import { openClient, openDataSource, openWriter, type TestLog, useServer } from '../fixtures/database.js';
import { type AuditRow } from '../types.js';
import { LogReader } from './log-reader.js';

const server = useServer();
const NONE = { operations: [], decisions: [] };

/** Appends an empty block with these rows. */
const appendAudits = ({ chain, writer }: Pick<TestLog, 'chain' | 'writer'>, audits: AuditRow[]) =>
  writer.append(chain.next([]), { ...NONE, audits });

describe('the audit log', () => {
  it('shows that rows are written with their blocks, are read back as they were, and make one chain (I34)', async () => {
    const log = await server.createLog();
    const { reader } = log;
    expect(await reader.lastAudit()).toBeUndefined();
    const draft = { atMs: 1_000, actor: 'Ädä 😀', command: 'key.rotate', detail: { z: '\0', a: [1.5, null] } };
    const first = nextAuditRow(undefined, draft);
    const rows = [first, ...auditRows(2, first)];
    await appendAudits(log, [rows[0]!]);
    await appendAudits(log, []);
    await appendAudits(log, rows.slice(1));
    const logged = rows.map((row, index) => ({ ...row, blockNumber: index === 0 ? 1 : 3 }));
    expect(await reader.audits(1n, 100)).toEqual(logged);
    expect(await reader.audits(2n, 1)).toEqual([logged[1]]);
    expect(await reader.audits(4n, 100)).toEqual([]);
    expect(await reader.audits(1n, 0)).toEqual([]);
    expect(await reader.lastAudit()).toEqual(logged[2]);
    expect(verifyAuditChain(await reader.audits(1n, 100))).toBeUndefined();
  });

  it('shows that a block that is not written leaves no audit row, and a row that is refused no block (I34)', async () => {
    const log = await server.createLog();
    const { chain, reader, writer } = log;
    const [row, ...more] = auditRows(3);
    const conflict = chain.draft([], { epoch: 7 });
    expect(await writer.append(conflict, { ...NONE, audits: [row!] })).toMatchObject({ status: 'conflict' });
    const first = chain.next([shared(EntryKind.PREPARE, Uint8Array.of(1))]);
    const operations = [operationOf(first, 1, 1, 0n)];
    await writer.append(first, { ...NONE, operations });
    const second = chain.draft([transaction(84001, 1, 0n)]);
    await expect(writer.append(second, { ...NONE, operations, audits: [row!] })).rejects.toThrow(/operations_/);
    expect(await reader.lastAudit()).toBeUndefined();
    await expect(writer.append(second, { ...NONE, audits: more })).rejects.toThrow(/audit_previous_fkey/);
    expect(await reader.head()).toMatchObject({ number: 1 });
    expect(await writer.append(second, { ...NONE, audits: [row!, ...more] })).toEqual({ status: 'written' });
  });

  it('shows that Postgres refuses a gap, a second branch and another beginning (I34)', async () => {
    const log = await server.createLog();
    const rows = auditRows(4);
    const attempt = (row: AuditRow) => log.writer.append(log.chain.draft([]), { ...NONE, audits: [row] });
    const foreign = { ...rows[0]!, previousHash: rows[1]!.hash };
    await expect(attempt({ ...foreign, hash: auditHash(foreign) })).rejects.toThrow(/check constraint/);
    await appendAudits(log, rows.slice(0, 2));
    await expect(attempt(rows[3]!)).rejects.toMatchObject({ type: { code: 'WRITE_FAILED', sqlState: '23503' } });
    await expect(attempt(auditRows(2)[1]!)).rejects.toMatchObject({ type: { code: 'UNIQUE_VIOLATION' } });
    await expect(attempt(relink(rows[2]!, rows[0]))).rejects.toThrow(/audit_previous_fkey/);
    expect(await attempt(rows[2]!)).toEqual({ status: 'written' });
  });

  it('shows that rows that contradict one another or their block never reach Postgres (I7, I34)', async () => {
    const { chain, writer } = await server.createLog();
    const block = chain.next([]);
    const append = (audits: AuditRow[]) => writer.append(block, { ...NONE, audits });
    const [first, second, third] = auditRows(3) as [AuditRow, AuditRow, AuditRow];
    await expect(append([first, third])).rejects.toThrow(/^I34: .*\(gap\)/);
    await expect(append([first, { ...second, actor: 'eve' }])).rejects.toThrow(/^I34: .*\(hash\)/);
    const late = nextAuditRow(undefined, { atMs: 1_011, actor: 'ada', command: 'late', detail: null });
    await expect(append([late])).rejects.toThrow(/^I7/);
    expect(await append([relink({ ...first, atMs: 1_010 }, undefined)])).toEqual({ status: 'written' });
  });

  it('shows that a role with INSERT and SELECT on it writes and reads it, and can do no more (Security 5)', async () => {
    const { chain, url } = await server.createLog();
    const owner = await openClient(url);
    await owner.query(`
      CREATE ROLE sequencer LOGIN PASSWORD 'secret';
      GRANT USAGE ON SCHEMA lockstep TO sequencer;
      GRANT SELECT, INSERT ON lockstep.audit, lockstep.blocks, lockstep.entries, lockstep.operations, lockstep.decisions,
        lockstep.genesis TO sequencer;
      GRANT SELECT, UPDATE ON lockstep.head TO sequencer;
      GRANT SELECT ON lockstep.leadership TO sequencer`);
    const roleUrl = Object.assign(new URL(url), { username: 'sequencer', password: 'secret' }).href;
    const dataSource = await openDataSource(roleUrl);
    expect(await dataSource.query('SELECT current_user AS role')).toEqual([{ role: 'sequencer' }]);
    const writer = openWriter(roleUrl);
    const rows = auditRows(3);
    await appendAudits({ chain, writer }, rows.slice(0, 2));
    expect(await appendAudits({ chain, writer }, rows.slice(2))).toEqual({ status: 'written' });
    expect(verifyAuditChain(await new LogReader(dataSource).audits(1n, 10))).toBeUndefined();
    const statements = [
      `UPDATE lockstep.audit SET actor = 'eve'`,
      'DELETE FROM lockstep.audit',
      'TRUNCATE lockstep.audit CASCADE',
      'DROP TABLE lockstep.audit',
      'ALTER TABLE lockstep.audit DISABLE TRIGGER append_only',
    ];
    for (const statement of statements) {
      await expect(dataSource.query(statement)).rejects.toThrow(/permission denied|must be owner/);
    }
  });
});

/** The row as it would be after `previous`. */
function relink(row: AuditRow, previous: AuditRow | undefined): AuditRow {
  const linked = { ...row, previousHash: previous?.hash ?? new Uint8Array(32) };
  return { ...linked, hash: auditHash(linked) };
}
