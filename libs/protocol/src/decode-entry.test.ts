import { describe, expect, it } from 'vitest';
import { decodeDecision, decodePrepare } from './decode-entry.js';
import { encodeEntry, EntryKind } from './entry.js';
import { Decision, Outcome } from './operation.js';

const decision: Decision = {
  operationId: new Uint8Array(32).fill(1),
  prepareId: new Uint8Array(32).fill(2),
  outcome: Outcome.abort,
  reason: 3,
  votes: [],
  auditId: 7n,
};
const entry = encodeEntry(EntryKind.DECISION, Decision.serialize(decision));

describe('a decoder of entries', () => {
  it('gives what SSZ gives, and the same value for the same bytes', () => {
    expect(decodeDecision(entry)).toEqual(decision);
    expect(decodeDecision(entry)).toBe(decodeDecision(entry));
  });

  it('decodes equal bytes elsewhere anew, so that nobody is handed the value of another entry', () => {
    const other = new Uint8Array(entry);
    other[1] = 9;
    expect(decodeDecision(other).operationId[0]).toBe(9);
    expect(decodeDecision(entry).operationId[0]).toBe(1);
  });

  it('refuses each time what is of another kind', () => {
    for (let time = 0; time < 2; time++) expect(() => decodePrepare(entry)).toThrow();
  });
});
