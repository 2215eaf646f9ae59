import {
  bytesToHex,
  commitmentDigest,
  entryId,
  entryLeaf,
  equalBytes,
  laneRoot,
  lanesRoot,
  NO_SENDER,
  registryRoot,
  SHARED_LANE,
} from '#libs/protocol';
import type { Check, CheckContext } from '../check-context.js';
import type { IndexedBlock } from '../log-index.js';
import { Tally } from '../report.js';

/**
 * I2: each block's parent is the block before; hash, ids, leaves, lane roots and the root over them are recomputed from
 * the entries; the header names the registry in force and is signed by a sequencer's key of it.
 */
export const checkBlocks: Check = (context) => {
  const tally = new Tally();
  let number = 0;
  let parent = context.index.logId;
  for (const block of context.index.blocks) {
    tally.look();
    const fault = faultOf(context, block, number + 1, parent);
    if (fault) tally.fail(`block ${block.number} ${fault}`, { blockNumber: block.number });
    checkIds(tally, block);
    number = block.number;
    parent = block.hash;
  }
  return tally;
};

function faultOf(
  { index, recover }: CheckContext,
  block: IndexedBlock,
  numberDue: number,
  parent: Uint8Array,
): string | null {
  const { row, hash, registry } = block;
  const { header } = row;
  if (block.number !== numberDue || header.number !== numberDue) return `stands where block ${numberDue} is due`;
  if (!equalBytes(header.logId, index.logId)) return `belongs to log ${bytesToHex(header.logId)}`;
  if (!equalBytes(header.parentHash, parent)) {
    return `names parent ${bytesToHex(header.parentHash)}; the block before is ${bytesToHex(parent)}`;
  }
  if (!equalBytes(row.hash, hash))
    return `is stored as ${bytesToHex(row.hash)}; its header's root is ${bytesToHex(hash)}`;
  if (header.version !== registry.protocolVersion) return `follows version ${header.version} of the protocol`;
  if (!equalBytes(header.registryRoot, registryRoot(registry))) return 'names another registry than is in force';
  const lanes = lanesFault(block);
  if (lanes) return lanes;
  if (!registry.sequencerKeys.some((key) => equalBytes(key, header.leader))) {
    return `names leader ${bytesToHex(header.leader)}, which is no sequencer's key`;
  }
  const signer = recover(commitmentDigest(index.logId, 'header', hash), row.signature);
  return signer && equalBytes(signer, header.leader) ? null : `is not signed by its leader`;
}

function lanesFault({ row, registry, byLane }: IndexedBlock): string | null {
  const chainIds = [SHARED_LANE, ...registry.rollups.map(({ chainId }) => chainId)];
  if (
    chainIds.length !== row.lanes.length ||
    chainIds.some((chainId, place) => row.lanes[place]!.chainId !== chainId)
  ) {
    return `has lanes ${row.lanes.map(({ chainId }) => chainId).join(', ')}; the registry's are ${chainIds.join(', ')}`;
  }
  const roots: Uint8Array[] = [];
  for (const { chainId, firstLaneSequence, root } of row.lanes) {
    const leaves = (byLane.get(chainId) ?? []).map(({ entry }) =>
      entryLeaf(entry.sequence, entryId(entry.bytes), entry.sender ?? NO_SENDER),
    );
    const computed = laneRoot({ chainId, firstLaneSequence, leaves });
    if (!equalBytes(computed, root)) return `stores another root of lane ${chainId} than its entries have`;
    roots.push(computed);
  }
  return equalBytes(lanesRoot(roots), row.header.lanesRoot) ? null : 'commits to other lanes than it has';
}

function checkIds(tally: Tally, { entries }: IndexedBlock): void {
  for (const { entry, id } of entries) {
    if (bytesToHex(entry.id) !== id) {
      tally.fail(`entry ${entry.sequence} is stored as ${bytesToHex(entry.id)}, its bytes give ${id}`, {
        entries: [entry],
      });
    }
    if (entry.bytes[0] !== entry.kind) {
      tally.fail(`entry ${entry.sequence} is stored as kind ${entry.kind}, its bytes say ${entry.bytes[0]}`, {
        entries: [entry],
      });
    }
  }
}

/** I3: the epoch never falls along the log, and each has one leader. */
export const checkEpochs: Check = ({ index }) => {
  const tally = new Tally();
  const leaders = new Map<number, string>();
  let newest = 0;
  for (const { number: blockNumber, row } of index.blocks) {
    const { epoch } = row.header;
    const leader = bytesToHex(row.header.leader);
    const first = leaders.get(epoch) ?? leader;
    leaders.set(epoch, first);
    tally.expect(epoch >= newest, () => `block ${blockNumber} is of epoch ${epoch}, after ${newest}`, { blockNumber });
    if (first !== leader) {
      tally.fail(`block ${blockNumber} of epoch ${epoch} is led by ${leader}, earlier ones by ${first}`, {
        blockNumber,
      });
    }
    newest = Math.max(newest, epoch);
  }
  return tally;
};

/** I6: each earlier copy of the log is a prefix of this one, or of what a restore has kept of it. */
export const checkPrefixes: Check = ({ index, history }) => {
  const tally = new Tally();
  const forks = new Set(index.restores.map(({ block }) => block.number));
  for (const { name, hashes } of history.earlier ?? []) {
    for (const [place, hash] of hashes.entries()) {
      const now = index.byNumber.get(place + 1)?.hashHex;
      if (now !== hash && forks.has(place + 1)) break;
      tally.expect(now === hash, () => `block ${place + 1} was ${hash} in ${name}; now it is ${now ?? 'gone'}`, {
        blockNumber: place + 1,
        party: name,
      });
    }
  }
  return tally;
};

/**
 * I7: log time never falls, from genesis' start on, and each PREPARE's deadline follows from it. Whether it kept to the
 * clocks of its nodes a history cannot tell.
 */
export const checkLogTime: Check = ({ index, history }) => {
  const tally = new Tally();
  const { startTimeMs, prepareMsMax } = history.log.genesis;
  let newest = startTimeMs;
  for (const { number: blockNumber, timestampMs } of index.blocks) {
    tally.expect(timestampMs >= newest, () => `block ${blockNumber} lies at ${timestampMs}, after ${newest}`, {
      blockNumber,
    });
    newest = Math.max(newest, timestampMs);
  }
  for (const { block, entry, prepare, operationId } of index.prepares) {
    const asked = prepare.intent.value.deadlineMs;
    const latest = BigInt(block.timestampMs + prepareMsMax);
    const due = asked < latest ? asked : latest;
    if (BigInt(prepare.deadlineMs) !== due) {
      tally.fail(`operation ${operationId} has deadline ${prepare.deadlineMs}, log time gives ${due}`, {
        entries: [entry],
      });
    }
  }
  return tally;
};
