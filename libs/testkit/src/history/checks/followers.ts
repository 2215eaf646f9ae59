import type { Check } from '../check-context.js';
import type { FollowerHistory, HandedBlock } from '../history.js';
import { type IndexedBlock, laneBounds, type LogIndex, sliceEntries } from '../log-index.js';
import { Tally } from '../report.js';

/**
 * I12: what each follower was handed is contiguous from where it asked, repeats only after a restart, and is its own and
 * the shared lane exactly as logged. What an executor says of its cursor is compared as well.
 */
export const checkFeeds: Check = ({ index, history }) => {
  const tally = new Tally();
  for (const follower of history.followers ?? []) checkFollower(tally, index, follower);
  for (const { name: party, chainId, number, cursor } of history.executors ?? []) {
    const block = index.byNumber.get(number);
    if (!cursor || !block) continue;
    const own = laneBounds(block, chainId)?.last;
    const shared = laneBounds(block, 0)?.last;
    tally.expect(
      cursor.own === own && cursor.shared === shared,
      () =>
        `${party} is at ${cursor.own}/${cursor.shared} (own/shared) after block ${number}, the log at ${own}/${shared}`,
      { party, blockNumber: number },
    );
  }
  return tally;
};

function checkFollower(tally: Tally, index: LogIndex, follower: FollowerHistory): void {
  const { name: party, chainId, handed } = follower;
  const restarts = [...(follower.restarts ?? [])].sort((a, b) => a.afterHanded - b.afterHanded);
  let due = follower.from;
  for (const [place, slice] of handed.entries()) {
    for (let restart = restarts[0]; restart && restart.afterHanded <= place; restart = restarts[0]) {
      if (restart.cursor >= due) {
        const kept = `${party} came back with block ${restart.cursor}`;
        tally.fail(`${kept}, of which it was handed ${due - 1} at most`, { party, blockNumber: restart.cursor });
      }
      due = restart.cursor + 1;
      restarts.shift();
    }
    tally.look();
    const fault = slice.number === due ? contentFault(index.byNumber.get(due), slice, chainId) : `block ${due} is due`;
    if (fault) tally.fail(`${party} was handed block ${slice.number}: ${fault}`, { party, blockNumber: slice.number });
    due = slice.number + 1;
  }
}

function contentFault(block: IndexedBlock | undefined, slice: HandedBlock, chainId: number): string | null {
  if (!block) return 'the log has no such block';
  if (slice.hash !== block.hashHex) return `its hash ${slice.hash} is not the log's ${block.hashHex}`;
  const own = laneBounds(block, chainId);
  const shared = laneBounds(block, 0);
  const { firstLaneSequences: first } = slice;
  if (!own || !shared) return `it has no lane ${chainId}`;
  if (first.own !== own.first || first.shared !== shared.first) {
    return `lanes begin at ${first.own}/${first.shared} (own/shared), in the log at ${own.first}/${shared.first}`;
  }
  const entries = sliceEntries(block, chainId);
  if (entries.length !== slice.entries.length) return `${slice.entries.length} entries, in the log ${entries.length}`;
  const place = entries.findIndex(({ entry, id }, at) => {
    const other = slice.entries[at]!;
    return other.sequence !== entry.sequence || other.id !== id;
  });
  if (place < 0) return null;
  return `entry ${slice.entries[place]!.sequence} is not the log's ${entries[place]!.entry.sequence}`;
}

/** I13: the log, all followers and all executors agree on the hash of every block. */
export const checkAgreement: Check = ({ index, history }) => {
  const tally = new Tally();
  const known = new Map<number, { hash: string; party: string }>();
  for (const { number, hashHex } of index.blocks) known.set(number, { hash: hashHex, party: 'the log' });
  const compare = (party: string, blockNumber: number, hash: string): void => {
    const first = known.get(blockNumber) ?? { hash, party };
    known.set(blockNumber, first);
    tally.expect(
      first.hash === hash,
      () => `block ${blockNumber} is ${hash} to ${party} and ${first.hash} to ${first.party}`,
      { party, blockNumber },
    );
  };
  for (const { name, handed } of history.followers ?? []) {
    for (const { number, hash } of handed) compare(name, number, hash);
  }
  for (const { name, number, blockHash } of history.executors ?? []) {
    if (blockHash !== undefined && number > 0) compare(name, number, blockHash);
  }
  return tally;
};
