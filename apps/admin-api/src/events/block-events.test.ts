// Shows that a restore in the log is told as the document describes it: a live network's log has none.
import { expect, test } from 'vitest';
import type { BlockRow, LoggedEntry } from '#libs/persistence';
import { encodeEntry, EntryKind, SignedRestore } from '#libs/protocol';
import { blockEvents } from './block-events.js';
import { Event } from './event.schema.js';

test('the entry of a restore is an event with the last block that was kept and the epochs that ended', () => {
  const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(1);
  const restore = SignedRestore.defaultValue();
  Object.assign(restore.restore, { lastBlock: 7, epochAbove: 3 });
  const entry = {
    ...{ kind: EntryKind.RESTORE, bytes: encodeEntry(EntryKind.RESTORE, SignedRestore.serialize(restore)) },
    ...{ id: bytes(32), sequence: 12n },
  } as LoggedEntry;
  const header = { epoch: 4, timestamp: 5, firstSequence: 12n, entryCount: 1, leader: bytes(20) };
  const block = { number: 8, hash: bytes(32), header, lanes: [{ chainId: 0, entryCount: 1 }] } as unknown as BlockRow;
  const events = blockEvents(block, 4, [entry], []).events.map(({ event }) => Event.parse(event));
  expect(events.map(({ kind }) => kind)).toEqual(['block', 'restore']);
  expect(events[1]).toMatchObject({ block: 8, index: 2, sequence: '12', lastBlock: 7, epochAbove: 3 });
});
