// Shows what is measured of durable blocks: entries by kind, sizes, and the log time from PREPARE to DECISION.
import { expect, test } from 'vitest';
import type { SealedBlock } from '#libs/ordering';
import { Decision, encodeEntry, EntryKind, OperationKind, Outcome, Prepare, Reason } from '#libs/protocol';
import { createMetricsRegistry, createSequencerMetrics } from '#libs/runtime';
import { BlockMeter } from './block-meter.js';

const ID = new Uint8Array(32).fill(1);
const [BYTES20, BYTES32] = [new Uint8Array(20), new Uint8Array(32)];
const prepare = Prepare.serialize({
  operationId: ID,
  intent: {
    selector: OperationKind.close,
    value: {
      series: BYTES32,
      holder: BYTES20,
      backer: BYTES20,
      quantity: 1n,
      payment: 1n,
      deadlineMs: 1n,
      nonce: 1n,
    },
  },
  signatures: [],
  participants: [7],
  legs: [],
  priceRound: 0n,
  payout: 0n,
  deadlineMs: 1,
});
const decision = Decision.serialize({
  operationId: ID,
  prepareId: BYTES32,
  outcome: Outcome.abort,
  reason: Reason.expired,
  votes: [],
  auditId: 0n,
});

const block = (timestamp: number, entries: { kind: EntryKind; bytes: Uint8Array }[]): SealedBlock =>
  ({ header: { timestamp }, entries }) as unknown as SealedBlock;
const PREPARED = { kind: EntryKind.PREPARE, bytes: encodeEntry(EntryKind.PREPARE, prepare) };
const DECIDED = { kind: EntryKind.DECISION, bytes: encodeEntry(EntryKind.DECISION, decision) };

test('entries are counted by kind, and an operation takes from the log time of PREPARE to that of DECISION', async () => {
  const registry = createMetricsRegistry('sequencer', '0.1.0');
  const meter = new BlockMeter(createSequencerMetrics(registry));
  meter.block(block(1_000, [PREPARED]));
  meter.block(block(1_500, []));
  meter.block(block(3_500, [DECIDED, { kind: EntryKind.TRANSACTION, bytes: new Uint8Array(100) }]));
  const text = await registry.metrics();
  for (const line of [
    'lockstep_sequencer_blocks_total 3',
    'lockstep_sequencer_entries_total{kind="prepare"} 1',
    'lockstep_sequencer_entries_total{kind="transaction"} 1',
    'lockstep_sequencer_block_entries_sum 3',
    `lockstep_sequencer_block_bytes_sum ${PREPARED.bytes.length + DECIDED.bytes.length + 100}`,
    'lockstep_sequencer_decisions_total{outcome="abort",reason="expired"} 1',
    'lockstep_sequencer_decision_seconds_sum{outcome="abort",reason="expired"} 2.5',
  ]) {
    expect(text).toContain(`${line}\n`);
  }
});

test('the time of an operation that another term prepared is not known, and not guessed', async () => {
  const registry = createMetricsRegistry('sequencer', '0.1.0');
  const meter = new BlockMeter(createSequencerMetrics(registry));
  meter.block(block(1_000, [PREPARED]));
  meter.reset();
  meter.block(block(2_000, [DECIDED]));
  const text = await registry.metrics();
  expect(text).toContain('lockstep_sequencer_decisions_total{outcome="abort",reason="expired"} 1');
  expect(text).not.toContain('lockstep_sequencer_decision_seconds_count');
});
