// Shows that a preconfirmation holds with a registry's file alone, that each changed field is refused for its own reason,
// and which files are evidence at all. Uses the published test vectors.
import { describe, expect, it } from 'vitest';
import { openRegistryExport } from '#libs/atomic-commit';
import { recoverAddress } from '#libs/crypto';
import { bytesToHex, entryBody, EntryKind, parseEvidenceFile, type ProvedEntry } from '#libs/protocol';
import { text, files, rewrite, seal } from '../testing/forge-evidence.js';
import { checkPreconfirmation } from './check-preconfirmation.js';

describe('a preconfirmation', () => {
  const proved = (): ProvedEntry => parseEvidenceFile('preconfirmation', text('preconfirmation'));
  const book = openRegistryExport(files().registry);

  it('of the vectors holds and names the transaction as Ethereum does', () => {
    const { id, transaction, laneSequence } = checkPreconfirmation(proved(), book, recoverAddress);
    expect(bytesToHex(id)).toBe(bytesToHex(transaction.hash));
    expect(laneSequence).toBe(1n);
  });

  const changes: [string, string, (value: ProvedEntry) => void][] = [
    ['another sender', 'ENTRY_PROOF', (value) => (value.entry.sender = new Uint8Array(20).fill(1))],
    ['no sender', 'ENTRY_SENDER', (value) => (value.entry.sender = new Uint8Array(20))],
    ['another place', 'ENTRY_PROOF', (value) => (value.position += 1)],
    ['another lane', 'WRONG_LANE', (value) => (value.chainId = 84002)],
    ['a changed byte', 'ENTRY_PROOF', (value) => (value.entry.bytes[20]! ^= 1)],
    ['a forged header', 'HEADER_SIGNATURE', (value) => (value.signedHeader.header.timestamp += 1)],
    [
      'a sender that a leader made up',
      'ENTRY_SENDER',
      (value) => {
        value.entry.sender = new Uint8Array(20).fill(1);
        seal(value);
      },
    ],
    [
      'a transaction that a leader cut short',
      'ENTRY_UNREADABLE',
      (value) => rewrite(value, EntryKind.TRANSACTION, entryBody(value.entry.bytes).slice(0, -1)),
    ],
  ];
  it.each(changes)('with %s is refused: %s', (_what, code, change) => {
    const changed = proved();
    change(changed);
    expect(() => checkPreconfirmation(changed, book, recoverAddress)).toThrow(
      expect.objectContaining({ code }) as Error,
    );
  });
});

describe('an evidence file', () => {
  it.each([
    ['no JSON', 'nothing', 'EVIDENCE_NO_FILE'],
    ['another kind of evidence', text('registry'), 'EVIDENCE_KIND'],
    ['another version', text('certificate').replace('"version": 1', '"version": 2'), 'EVIDENCE_VERSION'],
    ['bytes that are none', '{"lockstep":"certificate","version":1,"ssz":"0x00"}', 'EVIDENCE_BYTES'],
    ['no bytes', '{"lockstep":"certificate","version":1}', 'EVIDENCE_BYTES'],
  ])('with %s is refused', (_what, content, code) => {
    expect(() => parseEvidenceFile('certificate', content)).toThrow(expect.objectContaining({ code }) as Error);
  });
});
