import {
  type AuditReader,
  AUDITS_READ_MAX,
  type DecisionRow,
  type Head,
  type OperationRow,
  verifyAuditChain,
} from '#libs/persistence';
import {
  bytesToHex,
  Decision,
  entryBody,
  EntryKind,
  equalBytes,
  firstSigner,
  type Hex,
  Intent,
  Prepare,
} from '#libs/protocol';
import type { AuditedBlock } from '../source/audit-source.js';
import type { AuditState } from './audit-state.js';
import type { OperationEntry } from './log-check.js';

/** The tables beside the log, against its bytes: operations, decisions, audit rows, head, and how many rows there are. */
export class TablesCheck {
  private readonly counts = { blocks: 0, entries: 0, operations: 0, decisions: 0 };
  private newest: AuditedBlock | null = null;

  constructor(
    private readonly reader: AuditReader,
    private readonly state: AuditState,
  ) {}

  see(block: AuditedBlock): void {
    this.counts.blocks += 1;
    this.counts.entries += block.entries.length;
    this.newest = block;
  }

  /** Compares the rows of some PREPAREs and DECISIONs. */
  async compare(found: readonly OperationEntry[]): Promise<void> {
    const prepares = found.filter(({ kind }) => kind === EntryKind.PREPARE).map((one) => readAs(Prepare, one));
    const decisions = found.filter(({ kind }) => kind === EntryKind.DECISION).map((one) => readAs(Decision, one));
    this.counts.operations += prepares.length;
    this.counts.decisions += decisions.length;
    await this.compareOperations(prepares as Decoded<Prepare>[]);
    await this.compareDecisions(decisions);
    await this.compareAborts(decisions);
  }

  /** @param head as it was when the audit began */
  async end(head: Head): Promise<void> {
    this.checkHead(head);
    const counts = await this.reader.counts(head.number, head.lastSequence);
    for (const table of ['blocks', 'entries', 'operations', 'decisions'] as const) {
      if (counts[table] === this.counts[table]) continue;
      const message = `the table ${table} has ${counts[table]} rows up to block ${head.number}; the log makes ${this.counts[table]}`;
      this.state.problems.add('I16 ROW_COUNT', head.number, message);
    }
    await this.checkAuditChain(head.number);
  }

  private async compareOperations(prepares: Decoded<Prepare>[]): Promise<void> {
    if (prepares.length === 0) return;
    const rows = byId(await this.reader.operations(prepares.map(({ value }) => value.operationId)));
    for (const prepare of prepares) {
      const { value, found } = prepare;
      const row = rows.get(bytesToHex(value.operationId));
      this.compareRow('OPERATION_ROW', prepare, row, row && operationColumns(row), {
        kind: value.intent.selector,
        series: value.intent.value.series,
        signer: firstSigner(value.intent),
        nonce: value.intent.value.nonce,
        intent_body: Intent.serialize(value.intent),
        prepare_id: found.id,
        prepare_sequence: found.entry.sequence,
        prepare_block: found.block.number,
        deadline_ms: value.deadlineMs,
      });
    }
  }

  private async compareDecisions(decisions: Decoded<Decision>[]): Promise<void> {
    if (decisions.length === 0) return;
    const rows = byId(await this.reader.decisions(decisions.map(({ value }) => value.operationId)));
    for (const decision of decisions) {
      const { value, found } = decision;
      const row = rows.get(bytesToHex(value.operationId));
      this.compareRow('DECISION_ROW', decision, row, row && decisionColumns(row), {
        sequence: found.entry.sequence,
        block_number: found.block.number,
        outcome: value.outcome,
        reason: value.reason,
        timestamp_ms: found.block.header.timestamp,
      });
    }
  }

  /** An operator's abort names an audit row that was written with its block (I34). */
  private async compareAborts(decisions: Decoded<Decision>[]): Promise<void> {
    const aborts = decisions.filter(({ value }) => value.auditId > 0n);
    if (aborts.length === 0) return;
    const rows = await this.reader.auditBlocks(aborts.map(({ value }) => value.auditId));
    for (const { value, found } of aborts) {
      const row = rows.get(value.auditId);
      if (row?.block === found.block.number && row.command === 'operation.abort') continue;
      const message = `the abort of ${bytesToHex(value.operationId)} names audit row ${value.auditId}, which is ${row ? `${row.command} of block ${row.block}` : 'not there'}`;
      this.state.problems.add('I34 AUDIT_ROW', found.block.number, message, found.entry);
    }
  }

  private compareRow<T extends Columns>(
    code: string,
    { found }: Decoded<unknown>,
    row: unknown,
    says: T | undefined,
    is: T,
  ): void {
    const { problems } = this.state;
    const { entry, block } = found;
    if (!row || !says) {
      problems.add(`I16 ${code}`, block.number, `entry ${entry.sequence} has no row in its table`, entry);
      return;
    }
    for (const [column, value] of Object.entries(is)) {
      if (same(says[column]!, value)) continue;
      const message = `the row of entry ${entry.sequence} says ${column} ${show(says[column]!)}, its bytes ${show(value)}`;
      problems.add(`I16 ${code}`, block.number, message, entry);
    }
  }

  private checkHead(head: Head): void {
    const { newest, state } = this;
    if (!newest) return;
    const { header } = newest;
    const lastSequence = header.firstSequence + BigInt(header.entryCount) - 1n;
    const hash = state.hashOf(newest.number)!;
    for (const [column, says, is] of [
      ['number', head.number, newest.number],
      ['hash', bytesToHex(head.hash), bytesToHex(hash)],
      ['last_sequence', head.lastSequence, lastSequence],
      ['timestamp_ms', head.timestampMs, header.timestamp],
    ] as const) {
      if (says === is) continue;
      state.problems.add('I2 HEAD_ROW', newest.number, `the head row says ${column} ${says}, the newest block ${is}`);
    }
    if (head.epoch < header.epoch) {
      const message = `the head row says epoch ${head.epoch}, the newest block is of ${header.epoch}`;
      state.problems.add('I3 HEAD_ROW', newest.number, message);
    }
  }

  private async checkAuditChain(blockNumber: number): Promise<void> {
    let previous: Parameters<typeof verifyAuditChain>[1];
    for (let from = 1n; ;) {
      const page = await this.reader.audits(from, AUDITS_READ_MAX);
      const fault = verifyAuditChain(page, previous);
      if (fault) {
        const message = `audit row ${fault.id} does not follow the one before: ${fault.fault}`;
        this.state.problems.add('I34 AUDIT_CHAIN', blockNumber, message);
        return;
      }
      previous = page.at(-1) ?? previous;
      if (page.length < AUDITS_READ_MAX) return;
      from = page.at(-1)!.id + 1n;
    }
  }
}

interface Decoded<T> {
  value: T;
  found: OperationEntry;
}
type Column = Uint8Array | bigint | number;
type Columns = Record<string, Column>;

const readAs = <T>(type: { deserialize(bytes: Uint8Array): T }, found: OperationEntry): Decoded<T> => ({
  value: type.deserialize(entryBody(found.entry.bytes)),
  found,
});

const byId = <T extends { operationId: Uint8Array }>(rows: readonly T[]): Map<Hex, T> =>
  new Map(rows.map((row) => [bytesToHex(row.operationId), row]));

const operationColumns = (row: OperationRow) => ({
  kind: row.kind,
  series: row.series,
  signer: row.signer,
  nonce: row.nonce,
  intent_body: row.intentBody,
  prepare_id: row.prepareId,
  prepare_sequence: row.prepareSequence,
  prepare_block: row.prepareBlock,
  deadline_ms: row.deadlineMs,
});

const decisionColumns = (row: DecisionRow) => ({
  sequence: row.sequence,
  block_number: row.blockNumber,
  outcome: row.outcome as number,
  reason: row.reason as number,
  timestamp_ms: row.timestampMs,
});

const same = (a: Column, b: Column): boolean =>
  a instanceof Uint8Array ? b instanceof Uint8Array && equalBytes(a, b) : a === b;
const show = (value: Column): string => (value instanceof Uint8Array ? bytesToHex(value) : String(value));
