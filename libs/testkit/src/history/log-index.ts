import type { BlockRow, LoggedEntry } from '#libs/persistence';
import {
  blockHash,
  bytesToHex,
  entryId,
  findRollup,
  type Hex,
  logId,
  type Registry,
  SHARED_LANE,
} from '#libs/protocol';
import type { HistoryLog } from './history.js';
import { type DecodedEntries, decodeEntries } from './decode-entries.js';
import { registriesInForce } from './registry-timeline.js';
import type { RecoverAddress } from '#libs/atomic-commit';

/** An entry with its id, recomputed from its bytes. */
export interface IndexedEntry {
  entry: LoggedEntry;
  id: Hex;
}

/** A block with what follows from the log: nothing here is read from where the checks compare it. */
export interface IndexedBlock {
  number: number;
  row: BlockRow;
  /** Recomputed from the header. */
  hash: Uint8Array;
  hashHex: Hex;
  timestampMs: number;
  /** In force in this block. */
  registry: Registry;
  /** Entries that say they stand in this block, as the log gives them. */
  entries: IndexedEntry[];
  /** The same by lane; a lane without entries is missing. */
  byLane: Map<number, IndexedEntry[]>;
}

/** A log prepared for the checks: made once, in linear time, whatever is wrong with the log. */
export interface LogIndex extends DecodedEntries {
  logId: Uint8Array;
  blocks: IndexedBlock[];
  byNumber: Map<number, IndexedBlock>;
  /** Entries of a block that is not there. */
  strays: IndexedEntry[];
  /** All entries with an id; more than one are a violation. */
  byId: Map<Hex, IndexedEntry[]>;
}

/** Builds the index of a log. */
export function indexLog(log: HistoryLog, recover: RecoverAddress): LogIndex {
  const id = logId(log.genesis);
  const blocks = log.blocks.map((row): IndexedBlock => {
    const hash = blockHash(row.header);
    return {
      number: row.number,
      row,
      hash,
      hashHex: bytesToHex(hash),
      timestampMs: row.header.timestamp,
      registry: log.genesis.registry,
      entries: [],
      byLane: new Map(),
    };
  });
  const byNumber = new Map(blocks.map((block) => [block.number, block]));
  const strays: IndexedEntry[] = [];
  const byId = new Map<Hex, IndexedEntry[]>();
  for (const entry of log.entries) {
    const indexed = { entry, id: bytesToHex(entryId(entry.bytes)) };
    push(byId, indexed.id, indexed);
    const block = byNumber.get(entry.blockNumber);
    if (!block) {
      strays.push(indexed);
      continue;
    }
    block.entries.push(indexed);
    push(block.byLane, entry.lane, indexed);
  }
  const registries = registriesInForce(log.genesis.registry, id, blocks, recover);
  for (const [place, block] of blocks.entries()) block.registry = registries[place]!;
  return { logId: id, blocks, byNumber, strays, byId, ...decodeEntries(blocks) };
}

/** What a follower of a rollup gets of a block: the shared and its own lane, ascending sequences. */
export function sliceEntries({ byLane }: IndexedBlock, chainId: number): IndexedEntry[] {
  const own = byLane.get(chainId) ?? [];
  const shared = byLane.get(0) ?? [];
  const merged: IndexedEntry[] = [];
  let next = 0;
  for (const entry of shared) {
    while (next < own.length && own[next]!.entry.sequence < entry.entry.sequence) merged.push(own[next++]!);
    merged.push(entry);
  }
  while (next < own.length) merged.push(own[next++]!);
  return merged;
}

/**
 * Lane sequences of a block's first and last entry in a lane, by the lane's own row; of none before its rollup was
 * registered, and null where there should be a lane.
 */
export function laneBounds({ row, registry }: IndexedBlock, chainId: number): { first: bigint; last: bigint } | null {
  const lane = row.lanes.find((other) => other.chainId === chainId);
  if (!lane) return chainId === SHARED_LANE || findRollup(registry, chainId) ? null : { first: 1n, last: 0n };
  return { first: lane.firstLaneSequence, last: lane.firstLaneSequence + BigInt(lane.entryCount) - 1n };
}

/** Appends to the list under a key. */
export function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
