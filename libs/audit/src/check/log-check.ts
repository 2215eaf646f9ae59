import { blockHash, EntryKind } from '#libs/protocol';
import type { AuditedBlock, AuditedEntry } from '../source/audit-source.js';
import type { AuditState } from './audit-state.js';
import { ChainCheck } from './check-chain.js';
import { LanesCheck } from './check-lanes.js';
import { OperationsCheck } from './check-operations.js';
import { SignedEntriesCheck } from './check-signed-entries.js';
import { TransactionsCheck } from './check-transactions.js';

/** An entry of an operation, for the tables beside the log. */
export interface OperationEntry {
  kind: EntryKind.PREPARE | EntryKind.DECISION;
  entry: AuditedEntry;
  id: Uint8Array;
  block: AuditedBlock;
}

/**
 * Every check that needs the log alone, block by block in order: nothing but what later blocks depend on is kept (nonces
 * of accounts, 64 bytes an operation, the stated roots). Senders are recovered outside: see {@link TransactionsCheck}.
 */
export class LogCheck {
  readonly transactions: TransactionsCheck;
  readonly signed: SignedEntriesCheck;
  readonly operations: OperationsCheck;
  private readonly chain: ChainCheck;
  private readonly lanes: LanesCheck;
  private lastNumber = 0;

  constructor(private readonly state: AuditState) {
    this.chain = new ChainCheck(state);
    this.lanes = new LanesCheck(state);
    this.transactions = new TransactionsCheck(state);
    this.signed = new SignedEntriesCheck(state);
    this.operations = new OperationsCheck(state, this.signed.prices);
  }

  /** @returns the block's PREPAREs and DECISIONs */
  check(block: AuditedBlock): OperationEntry[] {
    const hash = blockHash(block.header);
    this.state.begin(block.number, hash);
    this.chain.check(block, hash);
    const ids = this.lanes.check(block);
    this.transactions.check(block);
    this.operations.begin(block);
    const found: OperationEntry[] = [];
    for (const [place, entry] of block.entries.entries()) {
      if (entry.bytes[0] === EntryKind.TRANSACTION) continue;
      try {
        this.checkEntry(block, hash, entry, ids[place]!, found);
      } catch (error) {
        const message = `entry ${entry.sequence} cannot be read: ${(error as Error).message}`;
        this.state.problems.add('I8 ENTRY_UNREADABLE', block.number, message, entry);
      }
    }
    this.lastNumber = block.number;
    return found;
  }

  end(): void {
    this.operations.end(this.lastNumber);
  }

  private checkEntry(
    block: AuditedBlock,
    hash: Uint8Array,
    entry: AuditedEntry,
    id: Uint8Array,
    found: OperationEntry[],
  ): void {
    switch (entry.bytes[0] as EntryKind) {
      case EntryKind.PRICE:
        this.signed.price(block, entry);
        return;
      case EntryKind.REGISTRY_CHANGE:
        this.signed.registryChange(block, entry);
        return;
      case EntryKind.RESTORE:
        this.signed.restore(block, entry);
        return;
      case EntryKind.STATE_ROOT:
        this.signed.stateRoot(block, entry);
        return;
      case EntryKind.PREPARE:
        this.operations.prepare(block, hash, entry, id);
        found.push({ kind: EntryKind.PREPARE, entry, id, block });
        return;
      case EntryKind.DECISION:
        this.operations.decision(block, entry);
        found.push({ kind: EntryKind.DECISION, entry, id, block });
        return;
      case EntryKind.TRANSACTION:
        return;
    }
  }
}
