import {
  bytesToHex,
  EntryKind,
  entryId,
  entryLeaf,
  equalBytes,
  isShared,
  laneRoot,
  lanesRoot,
  NO_SENDER,
  type Registry,
  SHARED_LANE,
  verifyLaneProof,
} from '#libs/protocol';
import type { AuditedBlock, AuditedEntry } from '../source/audit-source.js';
import type { AuditState } from './audit-state.js';

/** Sequences, lane sequences, ids, leaves, lane roots and the root over them, or the proofs of a feed (I1, I2). */
export class LanesCheck {
  private nextSequence = 1n;
  private readonly nextInLane = new Map<number, bigint>();

  constructor(private readonly state: AuditState) {}

  /** @returns the entries' ids, computed, in their order */
  check(block: AuditedBlock): Uint8Array[] {
    const ids = block.entries.map(({ bytes }) => entryId(bytes));
    if (this.state.audits) {
      this.checkCounts(block);
      this.checkEntries(block, ids);
      this.checkRoots(block, ids);
    }
    this.nextSequence = block.header.firstSequence + BigInt(block.header.entryCount);
    for (const { chainId, firstLaneSequence, entryCount } of block.lanes) {
      this.nextInLane.set(chainId, firstLaneSequence + BigInt(entryCount));
    }
    return ids;
  }

  private checkCounts({ number, header, lanes, entries }: AuditedBlock): void {
    const { problems, registry } = this.state;
    if (header.firstSequence !== this.nextSequence) {
      const message = `block ${number} begins at sequence ${header.firstSequence} instead of ${this.nextSequence}`;
      problems.add('I1 FIRST_SEQUENCE', number, message);
    }
    if (header.entryCount !== entries.length) {
      const message = `block ${number} has ${entries.length} entries, its header says ${header.entryCount}`;
      problems.add('I1 ENTRY_COUNT', number, message);
    }
    const due = laneChainIds(registry);
    if (due.length !== lanes.length || due.some((chainId, place) => lanes[place]!.chainId !== chainId)) {
      const has = lanes.map(({ chainId }) => chainId).join(', ');
      problems.add('I2 LANES', number, `block ${number} has the lanes ${has}; the registry's are ${due.join(', ')}`);
    }
    for (const { chainId, firstLaneSequence } of lanes) {
      const next = this.nextInLane.get(chainId) ?? 1n;
      if (firstLaneSequence === next) continue;
      const message = `lane ${chainId} of block ${number} begins at ${firstLaneSequence} instead of ${next}`;
      problems.add('I1 LANE_GAP', number, message);
    }
  }

  private checkEntries({ number, header, lanes, entries }: AuditedBlock, ids: readonly Uint8Array[]): void {
    const { problems } = this.state;
    let sequence = header.firstSequence;
    const nextInLane = new Map(lanes.map(({ chainId, firstLaneSequence }) => [chainId, firstLaneSequence]));
    for (let place = 0; place < entries.length; place++) {
      const entry = entries[place]!;
      const { lane, laneSequence, stored } = entry;
      if (entry.sequence !== sequence) {
        problems.add('I1 SEQUENCE', number, `sequence ${entry.sequence} stands where ${sequence} is due`, entry);
      }
      const due = nextInLane.get(lane);
      if (laneSequence !== due) {
        const message = `sequence ${entry.sequence} has lane sequence ${laneSequence} where ${due} is due in lane ${lane}`;
        problems.add('I1 LANE_SEQUENCE', number, message, entry);
      }
      this.checkKind(number, entry);
      if (stored) this.checkRow(number, entry, stored, ids[place]!);
      sequence = entry.sequence + 1n;
      nextInLane.set(lane, laneSequence + 1n);
    }
  }

  private checkKind(number: number, entry: AuditedEntry): void {
    const { problems } = this.state;
    const kind = entry.bytes[0] as EntryKind | undefined;
    if (kind === undefined || EntryKind[kind] === undefined) {
      problems.add('I8 ENTRY_KIND', number, `entry ${entry.sequence} is of no known kind (${kind})`, entry);
    } else if (isShared(kind) !== (entry.lane === SHARED_LANE)) {
      problems.add('I1 WRONG_LANE', number, `${EntryKind[kind]} ${entry.sequence} stands in lane ${entry.lane}`, entry);
    }
    if ((entry.sender !== null) === (kind === EntryKind.TRANSACTION)) return;
    problems.add(
      'I5 SENDER_PLACE',
      number,
      `entry ${entry.sequence} has a sender and is no transaction, or the reverse`,
      entry,
    );
  }

  private checkRow(
    number: number,
    entry: AuditedEntry,
    stored: NonNullable<AuditedEntry['stored']>,
    id: Uint8Array,
  ): void {
    const { problems } = this.state;
    const { sequence, bytes } = entry;
    if (!equalBytes(stored.id, id)) {
      const message = `entry ${sequence} is stored as ${bytesToHex(stored.id)}, its bytes give ${bytesToHex(id)}`;
      problems.add('I2 ENTRY_ID', number, message, entry);
    }
    if (stored.kind !== bytes[0]) {
      problems.add(
        'I2 ENTRY_ROW',
        number,
        `entry ${sequence} is stored as kind ${stored.kind}, its bytes say ${bytes[0]}`,
        entry,
      );
    }
    if (stored.blockNumber !== number) {
      problems.add(
        'I2 ENTRY_ROW',
        number,
        `entry ${sequence} is stored in block ${stored.blockNumber}, not ${number}`,
        entry,
      );
    }
  }

  private checkRoots({ number, header, lanes, entries }: AuditedBlock, ids: readonly Uint8Array[]): void {
    const { problems } = this.state;
    const byLane = new Map<number, Uint8Array[]>(lanes.map(({ chainId }) => [chainId, []]));
    for (let place = 0; place < entries.length; place++) {
      const { lane, sequence, sender } = entries[place]!;
      byLane.get(lane)?.push(entryLeaf(sequence, ids[place]!, sender ?? NO_SENDER));
    }
    const roots = lanes.map(({ chainId, firstLaneSequence, root, proof }, index) => {
      const leaves = byLane.get(chainId)!;
      const computed = laneRoot({ chainId, firstLaneSequence, leaves });
      if (root && !equalBytes(root, computed)) {
        problems.add(
          'I2 LANE_ROOT',
          number,
          `block ${number} stores another root of lane ${chainId} than its entries have`,
        );
      }
      if (proof && !verifyLaneProof(computed, index, proof, header.lanesRoot)) {
        problems.add('I2 LANE_PROOF', number, `the feed's proof of lane ${chainId} of block ${number} does not hold`);
      }
      return computed;
    });
    if (roots.length <= 2 * 64 && equalBytes(lanesRoot(roots), header.lanesRoot)) return;
    problems.add('I2 LANES_ROOT', number, `the header of block ${number} commits to other lanes than it has`);
  }
}

/** Chain ids of a block's lanes in their order. */
export const laneChainIds = (registry: Registry): number[] => [
  SHARED_LANE,
  ...registry.rollups.map(({ chainId }) => chainId),
];
