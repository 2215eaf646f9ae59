import type { BlockResult, Ledger, LedgerBlock, OperationEvent } from '#libs/options';
import { bytesToHex, equalBytes, type Leg } from '#libs/protocol';
import type { KeptBlock } from '../world/log-store.js';
import type { Topology } from '../world/topology.js';
import { Conservation } from './conservation.js';
import { mustHold } from './violation.js';

interface Hold {
  legs: Leg[];
  end: 'posted' | 'voided' | 'expired' | null;
}

/** Checks each block as executors apply it: their order, what becomes of holds, and what there is altogether. */
export class LedgerChecks {
  /** The last block that each rollup's executor has applied, by chain id. */
  readonly heights = new Map<number, number>();
  /** By rollup and operation. */
  private readonly holds = new Map<string, Hold>();
  /** How each operation's holds ended anywhere. */
  private readonly ends = new Map<string, 'posted' | 'released'>();
  private readonly conservation: Conservation;

  constructor(
    topology: Topology,
    private readonly blockAt: (number: number) => KeptBlock | undefined,
  ) {
    this.conservation = new Conservation(topology);
  }

  /** An executor has started from its store. */
  started(chainId: number, ledger: Ledger): void {
    this.heights.set(chainId, ledger.number);
    this.conservation.started(chainId, ledger);
  }

  applied(chainId: number, { header, hash }: LedgerBlock, result: BlockResult, ledger: Ledger): void {
    const { number } = header;
    const height = this.heights.get(chainId)!;
    mustHold(number === height + 1, 'I12', () => `rollup ${chainId} applies block ${number} after block ${height}`);
    this.heights.set(chainId, number);
    const durable = this.blockAt(number);
    mustHold(durable !== undefined, 'I8', () => `rollup ${chainId} applies block ${number}, which is not durable`);
    mustHold(equalBytes(durable.hash, hash), 'I13', () => `rollup ${chainId} applies another block ${number}`);
    for (const event of result.operationEvents) this.operation(chainId, number, event);
    if (result.operationEvents.length + result.receipts.length === 0) return;
    this.conservation.changed(chainId, ledger, number);
    this.conservation.reached(Math.min(...this.heights.values()));
  }

  /** Everyone stands at the head: nothing is held or open any more. */
  atRest(ledgers: ReadonlyMap<number, Ledger>): void {
    this.conservation.reached(Infinity);
    for (const [chainId, ledger] of ledgers) {
      for (const rows of [ledger.balances(), ledger.positions(), ledger.exposures(), ledger.collateral()]) {
        for (const { held } of rows) mustHold(held === 0n, 'I20', () => `rollup ${chainId} still holds ${held}`);
      }
      for (const { operationId } of ledger.operations()) {
        mustHold(false, 'I16', () => `rollup ${chainId} still waits for operation ${bytesToHex(operationId)}`);
      }
    }
    for (const [key, { end }] of this.holds) mustHold(end !== null, 'I20', () => `the hold of ${key} never ended`);
  }

  /** How an operation's holds ended; undefined where nobody held any. */
  endOf(id: string): 'posted' | 'released' | undefined {
    return this.ends.get(id);
  }

  private operation(chainId: number, number: number, event: OperationEvent): void {
    if (event.type === 'cleared' || event.type === 'observed' || event.type === 'refused') return;
    const id = bytesToHex(event.operationId);
    const key = `${chainId} ${id}`;
    const hold = this.holds.get(key);
    if (event.type === 'recorded') return;
    if (event.type === 'held') {
      // A block that is applied once more, after a crash, does the same.
      mustHold(!hold || sameLegs(hold.legs, event.legs), 'I15', () => `${key} holds other legs after a restart`);
      if (!hold) this.holds.set(key, { legs: event.legs, end: null });
      return;
    }
    const { type, legs } = event;
    mustHold(hold !== undefined, 'I20', () => `block ${number}: ${key} is ${type} and was never held`);
    mustHold(hold.end === null || hold.end === type, 'I20', () => `${key} is ${type} after it was ${hold.end}`);
    mustHold(sameLegs(hold.legs, legs), 'I25', () => `${key} holds other legs than are ${type}`);
    hold.end = type;
    const end = type === 'posted' ? 'posted' : 'released';
    const other = this.ends.get(id) ?? end;
    mustHold(other === end, 'I18', () => `operation ${id} is ${end} on ${chainId} and ${other} elsewhere`);
    this.ends.set(id, end);
  }
}

const sameLegs = (a: readonly Leg[], b: readonly Leg[]): boolean =>
  a.length === b.length &&
  a.every((leg, index) => {
    const other = b[index]!;
    return leg.amount === other.amount && leg.account === other.account && equalBytes(leg.owner, other.owner);
  });
