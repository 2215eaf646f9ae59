// Shows until when differing roots stop a rollup's prepares: until an operator has looked at it since.
import { expect, test } from 'vitest';
import { RegistryAction, SignedRegistryChange, encodeEntry, entryId, EntryKind } from '#libs/protocol';
import { RootDisputes } from './root-disputes.js';
import { A, B, newState, signedChange, START_MS, word } from './testing/world.js';

const state = newState();

/** The log takes in a quarantine of A, or a release. */
function setQuarantined(value: boolean, timestampMs: number): void {
  const nonce = state.registry.changeCount;
  const body = signedChange(RegistryAction.SET_ROLLUP_QUARANTINED, { chainId: A, value }, nonce);
  expect(SignedRegistryChange.deserialize(body).change.nonce).toBe(nonce);
  const bytes = encodeEntry(EntryKind.REGISTRY_CHANGE, body);
  state.apply([{ kind: EntryKind.REGISTRY_CHANGE, id: entryId(bytes), bytes }], {
    number: 1,
    timestampMs,
    hash: word(1),
  });
}

test('a dispute lasts until a later quarantine or release of that rollup', () => {
  const disputes = new RootDisputes();
  expect(disputes.among([A, B], state)).toEqual([]);
  disputes.add({ chainId: A, logTimeMs: START_MS + 10 });
  expect(disputes.among([A, B], state)).toEqual([A]);
  setQuarantined(true, START_MS + 5); // of before: a dispute that came after it is not settled by it
  expect(disputes.among([A], state)).toEqual([A]);
  disputes.add({ chainId: A, logTimeMs: START_MS + 3 }); // an older row
  setQuarantined(false, START_MS + 11);
  expect(disputes.among([A], state)).toEqual([]);
  disputes.add({ chainId: A, logTimeMs: START_MS + 12 });
  expect(disputes.among([A], state)).toEqual([A]);
});
