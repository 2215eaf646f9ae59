import { bytesToHex } from '#libs/protocol';
import { encodePacked, hexToBytes, keccak256, size, stringToHex } from 'viem';
import { describe, expect, it } from 'vitest';
import { auditRows } from '../fixtures/audit.js';
import { type AuditRow } from '../types.js';
import { auditHash, nextAuditRow } from './audit-row.js';
import { verifyAuditChain } from './verify-audit-chain.js';

const DRAFT = { atMs: 5, actor: 'ada', command: 'pause', detail: null };

describe('auditHash', () => {
  it('shows that the hash is keccak-256 of the documented encoding, which viem packs as well', () => {
    const [, row] = auditRows(2) as [AuditRow, AuditRow];
    const named = { ...row, actor: 'Ädä 😀' };
    const texts = [named.actor, named.command, named.detail].map((text) => stringToHex(text));
    const packed = encodePacked(
      ['bytes32', 'uint64', 'uint64', 'uint64', 'bytes', 'uint64', 'bytes', 'uint64', 'bytes'],
      [
        bytesToHex(named.previousHash),
        2n,
        1_000n,
        BigInt(size(texts[0]!)),
        texts[0]!,
        BigInt(size(texts[1]!)),
        texts[1]!,
        BigInt(size(texts[2]!)),
        texts[2]!,
      ],
    );
    expect(auditHash(named)).toEqual(hexToBytes(keccak256(packed)));
  });

  it('shows that text moved from one field to the next makes another hash', () => {
    const [row] = auditRows(1) as [AuditRow];
    const hashes = [
      { ...row, actor: 'ab', command: 'c', detail: '' },
      { ...row, actor: 'a', command: 'bc', detail: '' },
      { ...row, actor: 'a', command: 'b', detail: 'c' },
    ].map((moved) => bytesToHex(auditHash(moved)));
    expect(new Set(hashes).size).toBe(3);
  });
});

describe('nextAuditRow', () => {
  it('shows that the first row follows 32 zero bytes and the next the one before', () => {
    const first = nextAuditRow(undefined, { ...DRAFT, detail: { b: 1, a: '2' } });
    expect(first).toMatchObject({ id: 1n, previousHash: new Uint8Array(32), detail: '{"a":"2","b":1}' });
    expect(nextAuditRow(first, DRAFT)).toMatchObject({ id: 2n, previousHash: first.hash });
  });

  it('shows that a text that Postgres would refuse, which would fail the block, is refused here', () => {
    for (const actor of ['', 'a\0', 'a\ud800', 'ä'.repeat(129)]) {
      expect(() => nextAuditRow(undefined, { ...DRAFT, actor })).toThrow(RangeError);
      expect(() => nextAuditRow(undefined, { ...DRAFT, command: actor })).toThrow(RangeError);
    }
    expect(() => nextAuditRow(undefined, { ...DRAFT, detail: 'a'.repeat(65_535) })).toThrow(RangeError);
    expect(nextAuditRow(undefined, { ...DRAFT, detail: 'a\0\ud800' }).detail).toBe('"a\\u0000\\ud800"');
  });
});

describe('verifyAuditChain', () => {
  it('shows that a whole chain has no fault, read at once or in pages (I34)', () => {
    const rows = auditRows(5);
    expect(verifyAuditChain(rows)).toBeUndefined();
    expect(verifyAuditChain(rows.slice(0, 2))).toBeUndefined();
    expect(verifyAuditChain(rows.slice(2), rows[1])).toBeUndefined();
    expect(verifyAuditChain([])).toBeUndefined();
  });

  const changes: [string, (rows: AuditRow[]) => void, { id: bigint; fault: string }][] = [
    ['a changed actor', (rows) => (rows[2]!.actor = 'eve'), { id: 3n, fault: 'hash' }],
    ['a changed command', (rows) => (rows[2]!.command = 'none'), { id: 3n, fault: 'hash' }],
    ['a changed detail', (rows) => (rows[2]!.detail = '{}'), { id: 3n, fault: 'hash' }],
    ['a changed time', (rows) => (rows[4]!.atMs += 1), { id: 5n, fault: 'hash' }],
    ['a changed hash', (rows) => (rows[2]!.hash = new Uint8Array(32)), { id: 3n, fault: 'hash' }],
    ['a row hashed again', (rows) => rehash(rows[2]!, { actor: 'eve' }), { id: 4n, fault: 'previous_hash' }],
    ['an earlier time', (rows) => rehash(rows[4]!, { atMs: 999 }), { id: 5n, fault: 'time' }],
    ['a missing row', (rows) => rows.splice(2, 1), { id: 4n, fault: 'gap' }],
    ['a missing first row', (rows) => rows.shift(), { id: 2n, fault: 'gap' }],
    ['two rows exchanged', (rows) => rows.splice(1, 2, rows[2]!, rows[1]!), { id: 3n, fault: 'gap' }],
    [
      'another first row',
      (rows) => rehash(rows[0]!, { previousHash: rows[1]!.hash }),
      { id: 1n, fault: 'previous_hash' },
    ],
  ];
  it.each(changes)('shows that %s is found (I34)', (_, change, fault) => {
    const rows = auditRows(5);
    change(rows);
    expect(verifyAuditChain(rows)).toEqual(fault);
  });
});

function rehash(row: AuditRow, change: Partial<AuditRow>): void {
  Object.assign(row, change);
  row.hash = auditHash(row);
}
