import { type Cursor, verifySlice } from '#libs/executor-sdk';
import type { LedgerBlock } from '#libs/options';
import {
  commitmentDigest,
  type EntryKind,
  equalBytes,
  type Header,
  type LogEntry,
  NO_SENDER,
  registryRoot,
  SHARED_LANE,
} from '#libs/protocol';
import { buildSlices } from '../../../apps/sequencer/src/engine/build-slices.js';
import { mustHold } from '../checks/violation.js';
import type { CryptoPorts } from '../crypto/crypto-ports.js';
import type { KeptBlock } from './log-store.js';

/** A block as one rollup's follower gets it: the serialised slice, or the block itself where crypto is cheap. */
export interface FeedMessage {
  number: number;
  slice: Uint8Array | null;
  block: KeptBlock;
}

/** A block that a follower has checked, with the cursor after it. */
export interface FollowedBlock extends LedgerBlock {
  kinds: Set<EntryKind>;
  entries: (LogEntry & { kind: EntryKind; id: Uint8Array })[];
  cursor: Cursor;
}

const slices = new WeakMap<KeptBlock, Map<number, Uint8Array>>();

/** What a sequencer publishes, and answers replays with. */
export function feedMessage(crypto: CryptoPorts, block: KeptBlock, chainId: number): FeedMessage {
  const { number } = block.header;
  if (!crypto.isReal) return { number, slice: null, block };
  let ofBlock = slices.get(block);
  if (!ofBlock) {
    const lanes = block.lanes.map((lane) => {
      const entries = block.entries.filter((entry) => entry.lane === lane.chainId);
      return { ...lane, entries };
    });
    const built = buildSlices({ header: block.header, lanes }, block.signature);
    slices.set(block, (ofBlock = new Map(built.map(({ chainId: of, bytes }) => [of, bytes]))));
  }
  return { number, slice: ofBlock.get(chainId)!, block };
}

/** Verifies the next block. With real crypto this is production's own verification of a slice. */
export function follow(crypto: CryptoPorts, cursor: Cursor, message: FeedMessage): FollowedBlock {
  if (!message.slice) return followCheaply(crypto, cursor, message.block);
  const { header, hash, entries, laneSequences, cursor: next } = verifySlice(cursor, message.slice);
  return { header, hash, entries, laneSequences, cursor: next, kinds: new Set(entries.map(({ kind }) => kind)) };
}

/** What verification checks of the header, without serialised slices and proofs. */
function followCheaply({ recover }: CryptoPorts, cursor: Cursor, block: KeptBlock): FollowedBlock {
  const { header, hash, signature, entries: all } = block;
  const { chainId, logId, registry } = cursor;
  assertFollows(cursor, header);
  const signer = recover(commitmentDigest(logId, 'header', hash), signature);
  mustHold(
    signer !== null && equalBytes(signer, header.leader),
    'I2',
    () => `block ${header.number} is not signed by its leader`,
  );
  mustHold(
    equalBytes(header.registryRoot, registryRoot(registry)),
    'I2',
    () => `block ${header.number} names another registry`,
  );
  const laneSequences = { own: cursor.laneSequences.own, shared: cursor.laneSequences.shared };
  const kinds = new Set<EntryKind>();
  const entries: FollowedBlock['entries'] = [];
  for (const { lane, laneSequence, sequence, sender, bytes, kind, id } of all) {
    if (lane !== SHARED_LANE && lane !== chainId) continue;
    const name = lane === SHARED_LANE ? 'shared' : 'own';
    laneSequences[name] += 1n;
    const expected = laneSequences[name];
    mustHold(laneSequence === expected, 'I12', () => `lane ${lane}: ${laneSequence} in the place of ${expected}`);
    kinds.add(kind);
    entries.push({ sequence, sender: sender ?? NO_SENDER, bytes, kind, id });
  }
  const next: Cursor = {
    logId,
    chainId,
    number: header.number,
    hash,
    epoch: header.epoch,
    timestamp: header.timestamp,
    nextSequence: header.firstSequence + BigInt(header.entryCount),
    laneSequences,
    signedHeader: { header, signature },
    restores: cursor.restores,
    registry,
  };
  return { header, hash, entries, laneSequences, kinds, cursor: next };
}

function assertFollows(cursor: Cursor, header: Header): void {
  const { number, epoch, timestamp, firstSequence, parentHash } = header;
  mustHold(number === cursor.number + 1, 'I12', () => `block ${number} after block ${cursor.number}`);
  mustHold(equalBytes(parentHash, cursor.hash), 'I2', () => `block ${number} has another parent`);
  mustHold(epoch >= cursor.epoch, 'I3', () => `epoch ${epoch} after ${cursor.epoch}`);
  mustHold(timestamp >= cursor.timestamp, 'I7', () => `log time ${timestamp} after ${cursor.timestamp}`);
  mustHold(firstSequence === cursor.nextSequence, 'I1', () => `block ${number} begins at ${firstSequence}`);
}
