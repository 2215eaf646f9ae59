import { EntryKind } from '../entry.js';
import { logId as logIdOf } from '../genesis.js';
import { type Certificate, proveLeaf, type ProvedEntry } from '../proved-entry.js';
import type { Registry, SignedRegistryChange } from '../registry.js';
import { applyRegistryChange } from '../registry-change.js';
import { provePrepareMsMax, type RegistryExport } from '../registry-export.js';
import type { VectorBlock, VectorEntry } from './build-log.js';
import { genesis } from './fixtures.js';

/** Proves an entry of the vectors' log. */
export function proveVectorEntry(block: VectorBlock, entry: VectorEntry): ProvedEntry {
  const laneIndex = block.lanes.findIndex(({ chainId }) => chainId === entry.lane);
  const lane = block.lanes[laneIndex]!;
  const position = block.entries.filter(({ lane: other }) => other === entry.lane).indexOf(entry);
  const { sequence, sender, bytes } = entry;
  return {
    signedHeader: { header: block.header, signature: block.signature },
    entry: { sequence, sender, bytes },
    chainId: lane.chainId,
    laneIndex,
    firstLaneSequence: lane.firstLaneSequence,
    position,
    leafProof: proveLeaf(lane, position),
    laneProof: block.proofs[laneIndex]!,
  };
}

/** The first entry of a kind, proved. */
function proveKind(blocks: readonly VectorBlock[], kind: EntryKind): ProvedEntry {
  const block = blocks.find(({ entries }) => entries.some((entry) => entry.kind === kind))!;
  return proveVectorEntry(
    block,
    block.entries.find((entry) => entry.kind === kind)!,
  );
}

/** The certificate of the exercise in the vectors' log, price included. */
export const buildCertificate = (blocks: readonly VectorBlock[]): Certificate => ({
  prepare: proveKind(blocks, EntryKind.PREPARE),
  decision: proveKind(blocks, EntryKind.DECISION),
  price: [proveKind(blocks, EntryKind.PRICE)],
});

/** The preconfirmation of its first transaction. */
export const buildPreconfirmation = (blocks: readonly VectorBlock[]): ProvedEntry =>
  proveKind(blocks, EntryKind.TRANSACTION);

/** Both registries of the vectors' log: the one of genesis, and after the change in block 1. */
export function buildRegistryExport([first]: readonly VectorBlock[]): RegistryExport {
  const start = genesis();
  const { value } = first!.entries.find(({ kind }) => kind === EntryKind.REGISTRY_CHANGE)!;
  const { change } = value as SignedRegistryChange;
  const registries: Registry[] = [start.registry, applyRegistryChange(start.registry, change, first!.header.timestamp)];
  const { prepareMsMax } = start;
  return { logId: logIdOf(start), prepareMsMax, prepareMsMaxProof: provePrepareMsMax(start), registries };
}
