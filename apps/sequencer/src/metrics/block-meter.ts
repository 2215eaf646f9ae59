import type { SealedBlock } from '#libs/ordering';
import { bytesToHex, Decision, entryBody, EntryKind, Outcome, Prepare, Reason } from '#libs/protocol';
import type { SequencerMetrics } from '#libs/runtime';

/** Measures the blocks that this node makes durable, and how long operations take from PREPARE to DECISION in log time. */
export class BlockMeter {
  /** Log time of the PREPARE of undecided operations, by id. */
  private readonly preparedAtMs = new Map<string, number>();

  constructor(private readonly metrics: SequencerMetrics) {}

  /** A term begins: what another one prepared is not known here. */
  reset(): void {
    this.preparedAtMs.clear();
  }

  /** A block is durable. */
  block({ header, entries }: SealedBlock): void {
    const { log } = this.metrics;
    log.blocks.inc();
    log.blockEntries.observe(entries.length);
    log.blockBytes.observe(entries.reduce((sum, { bytes }) => sum + bytes.length, 0));
    const counts = new Map<EntryKind, number>();
    for (const { kind, bytes } of entries) {
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      if (kind === EntryKind.PREPARE) this.prepared(bytes, header.timestamp);
      else if (kind === EntryKind.DECISION) this.decided(bytes, header.timestamp);
    }
    for (const [kind, count] of counts) log.entries.inc({ kind: EntryKind[kind].toLowerCase() }, count);
  }

  private prepared(bytes: Uint8Array, timestampMs: number): void {
    this.preparedAtMs.set(bytesToHex(Prepare.deserialize(entryBody(bytes)).operationId), timestampMs);
  }

  private decided(bytes: Uint8Array, timestampMs: number): void {
    const { operationId, outcome, reason } = Decision.deserialize(entryBody(bytes));
    const labels = { outcome: Outcome[outcome]!, reason: Reason[reason]! };
    this.metrics.relay.decisions.inc(labels);
    const id = bytesToHex(operationId);
    const preparedAtMs = this.preparedAtMs.get(id);
    if (preparedAtMs === undefined) return;
    this.preparedAtMs.delete(id);
    this.metrics.relay.decision.observe(labels, (timestampMs - preparedAtMs) / 1000);
  }
}
