import { type AppendResult, type BlockExtras, type DurableBlock, type Head, LogWriteError } from '#libs/persistence';
import { bytesToHex, EntryKind, equalBytes, type Genesis, logId } from '#libs/protocol';

/** A block as the log keeps it. */
export interface KeptBlock extends DurableBlock {
  extras: BlockExtras;
}

/**
 * What Postgres does for the log, and nothing more: the head's compare-and-set and the unique keys of one append, the
 * lease and the epoch of leadership. Nothing of it waits or fails here; see {@link LogConnection}.
 */
export class LogStore {
  readonly blocks: KeptBlock[] = [];
  head: Head;
  lease: { epoch: number; untilMs: number } | null = null;
  /** Every key that the tables keep unique. */
  private readonly taken = new Set<string>();
  /** Operation id (hex) by `signer:nonce`, and by the operation's id where it is decided. */
  readonly operations = new Map<string, { operationId: Uint8Array; block: number; index: number }>();
  readonly decided = new Map<string, { block: number; timestampMs: number; outcome: number }>();
  /** Next nonce by `chainId:sender`. */
  readonly nonces = new Map<string, bigint>();

  /** @param onAppend told of each block that has become durable */
  constructor(
    genesis: Genesis,
    private readonly onAppend: (block: KeptBlock, before: Head) => void,
  ) {
    const hash = logId(genesis);
    this.head = { epoch: 0, number: 0, hash, lastSequence: 0n, timestampMs: genesis.startTimeMs };
  }

  hasEntry(id: Uint8Array): boolean {
    return this.taken.has(`id ${bytesToHex(id)}`);
  }

  /** Raises the epoch, as the one statement that takes a lease does; null while another's lasts. */
  take(nowMs: number, leaseMs: number): number | null {
    if (this.lease && this.lease.untilMs > nowMs) return null;
    const { number, hash, lastSequence, timestampMs } = this.head;
    const epoch = this.head.epoch + 1;
    this.head = { epoch, number, hash, lastSequence, timestampMs };
    this.lease = { epoch, untilMs: nowMs + leaseMs };
    return epoch;
  }

  renew(epoch: number, nowMs: number, leaseMs: number): boolean {
    if (this.lease?.epoch !== epoch) return false;
    this.lease.untilMs = nowMs + leaseMs;
    return true;
  }

  release(epoch: number): void {
    if (this.lease?.epoch === epoch) this.lease.untilMs = -Infinity;
  }

  /** As the append's one statement. @throws LogWriteError `UNIQUE_VIOLATION` */
  append(block: DurableBlock, extras: BlockExtras): AppendResult {
    if (!this.movesHead(block)) {
      const own = this.blocks[block.header.number - 1];
      return own && equalBytes(own.hash, block.hash)
        ? { status: 'own', head: this.head }
        : { status: 'conflict', head: this.head };
    }
    this.claim(block, extras);
    const before = this.head;
    const { header, hash, lanes, entries, signature } = block;
    const { number, epoch, firstSequence, entryCount, timestamp } = header;
    const lastSequence = firstSequence + BigInt(entryCount) - 1n;
    this.head = {
      epoch: Math.max(epoch, before.epoch),
      number,
      hash,
      lastSequence,
      timestampMs: timestamp,
    };
    const kept: KeptBlock = { header, hash, lanes, entries, signature, extras };
    this.blocks.push(kept);
    this.index(kept);
    this.onAppend(kept, before);
    return { status: 'written' };
  }

  /** The compare-and-set of the head row. */
  protected movesHead({ header }: DurableBlock): boolean {
    const { epoch, number, hash, lastSequence, timestampMs } = this.head;
    return (
      this.isEpoch(header.epoch, epoch) &&
      header.number === number + 1 &&
      equalBytes(header.parentHash, hash) &&
      header.firstSequence === lastSequence + 1n &&
      header.timestamp >= timestampMs
    );
  }

  protected isEpoch(ofBlock: number, ofHead: number): boolean {
    return ofBlock === ofHead;
  }

  private claim({ header, entries }: DurableBlock, { operations, decisions, audits = [] }: BlockExtras): void {
    const { taken } = this;
    const fresh: string[] = [];
    const take = (key: string): void => {
      if (!taken.has(key)) {
        taken.add(key);
        fresh.push(key);
        return;
      }
      for (const of of fresh) taken.delete(of);
      const type = { code: 'UNIQUE_VIOLATION', number: header.number, constraint: key } as const;
      throw new LogWriteError(type, `The log already has ${key}.`);
    };
    for (const { id, lane, laneSequence, kind, sender, nonce } of entries) {
      take(`id ${bytesToHex(id)}`);
      take(`lane ${lane} ${laneSequence}`);
      if (kind === EntryKind.TRANSACTION && sender) take(`nonce ${lane} ${bytesToHex(sender)} ${nonce}`);
    }
    for (const { operationId, signer, nonce } of operations) {
      take(`operation ${bytesToHex(operationId)}`);
      take(`signer ${bytesToHex(signer)} ${nonce}`);
    }
    for (const { operationId } of decisions) take(`decision ${bytesToHex(operationId)}`);
    for (const { id } of audits) take(`audit ${id}`);
  }

  private index({ header, entries, extras }: KeptBlock): void {
    for (const { kind, lane, sender, nonce } of entries) {
      if (kind === EntryKind.TRANSACTION && sender) this.nonces.set(`${lane}:${bytesToHex(sender)}`, nonce! + 1n);
    }
    for (const [index, { signer, nonce, operationId }] of extras.operations.entries()) {
      this.operations.set(`${bytesToHex(signer)}:${nonce}`, { operationId, block: header.number, index });
    }
    for (const { operationId, outcome } of extras.decisions) {
      const place = { block: header.number, timestampMs: header.timestamp, outcome };
      this.decided.set(bytesToHex(operationId), place);
    }
  }
}
