import { EntryKind, isShared, SHARED_LANE } from '#libs/protocol';
import type { Check } from '../check-context.js';
import type { IndexedBlock } from '../log-index.js';
import { Tally } from '../report.js';

/**
 * I1: sequences are exactly 1..N, lane sequences likewise for each lane; headers and lane rows count the same, and what
 * concerns several rollups stands in the shared lane.
 */
export const checkSequences: Check = ({ index }) => {
  const tally = new Tally();
  const next: NextSequences = { global: 1n, lanes: new Map() };
  for (const block of index.blocks) checkBlock(tally, block, next);
  for (const { entry } of index.strays) {
    tally.fail(`entry ${entry.sequence} stands in block ${entry.blockNumber}, which is not there`, {
      entries: [entry],
    });
  }
  return tally;
};

interface NextSequences {
  global: bigint;
  lanes: Map<number, bigint>;
}

function checkBlock(tally: Tally, block: IndexedBlock, next: NextSequences): void {
  const { number: blockNumber, row, entries } = block;
  const { firstSequence, entryCount } = row.header;
  if (firstSequence !== next.global) {
    tally.fail(`block ${blockNumber} begins at sequence ${firstSequence} instead of ${next.global}`, { blockNumber });
  }
  if (entryCount !== entries.length) {
    tally.fail(`block ${blockNumber} has ${entries.length} entries, its header says ${entryCount}`, { blockNumber });
  }
  for (const { chainId, firstLaneSequence, entryCount: laneCount } of row.lanes) {
    const due = next.lanes.get(chainId) ?? 1n;
    const found = block.byLane.get(chainId)?.length ?? 0;
    if (firstLaneSequence !== due || laneCount !== found) {
      tally.fail(
        `lane ${chainId} of block ${blockNumber} says ${laneCount} entries from ${firstLaneSequence}; it has ${found}, due from ${due}`,
        { blockNumber },
      );
    }
  }
  for (const { entry } of entries) {
    const laneDue = next.lanes.get(entry.lane) ?? 1n;
    tally.look();
    if (entry.sequence !== next.global) {
      tally.fail(`sequence ${entry.sequence} stands where ${next.global} is due`, { entries: [entry] });
    }
    if (entry.laneSequence !== laneDue) {
      const place = `sequence ${entry.sequence}`;
      tally.fail(`${place} has lane sequence ${entry.laneSequence} where ${laneDue} is due in lane ${entry.lane}`, {
        entries: [entry],
      });
    }
    // A transaction's or root's own lane is a matter of I31 and I32.
    if (isShared(entry.kind) && entry.lane !== SHARED_LANE) {
      tally.fail(`${EntryKind[entry.kind]} ${entry.sequence} stands in lane ${entry.lane}, not in the shared one`, {
        entries: [entry],
      });
    }
    next.global += 1n;
    next.lanes.set(entry.lane, laneDue + 1n);
  }
}
