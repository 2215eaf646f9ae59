import type { RecoverAddress } from '#libs/atomic-commit';
import { AUDITS_READ_MAX, type LogReader, readSharedLane, type SharedEntry } from '#libs/persistence';
import type { Tip } from '#libs/ordering';
import { assertInvariant, equalBytes, type Genesis, SHARED_LANE } from '#libs/protocol';
import type { DataSource } from 'typeorm';
import { LogState } from './log-state.js';

/** Entries of the shared lane that are read at a time. */
const PAGE_ENTRIES = 2000;

/**
 * Reads from the log in Postgres what a leader remembers of it, and goes on reading while another one leads: so a
 * stand-by answers reads, and has little left to read when it takes over.
 */
export class LogTail {
  private current: LogState;
  private lastShared = 0n;

  constructor(
    private readonly dataSource: DataSource,
    private readonly reader: LogReader,
    private readonly genesis: Genesis,
    private readonly recover: RecoverAddress,
  ) {
    this.current = new LogState(genesis, recover);
  }

  get state(): LogState {
    return this.current;
  }

  /**
   * Reads up to the newest durable block. A new leader calls it once more after it has raised the epoch: from then on
   * nobody else appends.
   */
  async catchUp(): Promise<void> {
    const head = await this.reader.head();
    assertInvariant(head !== undefined, 'I6: the log has a genesis and no head');
    const { tip } = this.state;
    if (head.number === tip.number && equalBytes(head.hash, tip.hash)) return;
    if (!(await this.isOurs(tip))) this.forget();
    // A term of ours has taken in its own blocks since.
    const ownShared = (this.state.tip.nextLaneSequences.get(SHARED_LANE) ?? 1n) - 1n;
    if (ownShared > this.lastShared) this.lastShared = ownShared;
    const laneHeads = await this.reader.laneHeads();
    await this.readShared(laneHeads.get(SHARED_LANE) ?? 0n);
    await this.readAudits();
    this.state.tip = {
      number: head.number,
      hash: head.hash,
      timestampMs: head.timestampMs,
      nextSequence: head.lastSequence + 1n,
      nextLaneSequences: new Map([...laneHeads].map(([chainId, sequence]) => [chainId, sequence + 1n])),
    };
  }

  /** Reads the audit log on from where it was read to. */
  private async readAudits(): Promise<void> {
    for (;;) {
      const rows = await this.reader.audits((this.state.lastAudit?.id ?? 0n) + 1n, AUDITS_READ_MAX);
      this.state.applyAudits(rows);
      if (rows.length < AUDITS_READ_MAX) return;
    }
  }

  /** Whether the log still has what was read of it; not so after a restore from a backup. */
  private async isOurs({ number, hash }: Tip): Promise<boolean> {
    if (number === 0) return true;
    const block = await this.reader.block(number);
    return block !== undefined && equalBytes(block.hash, hash);
  }

  private forget(): void {
    this.current = new LogState(this.genesis, this.recover);
    this.lastShared = 0n;
  }

  private async readShared(until: bigint): Promise<void> {
    for (let limit = PAGE_ENTRIES; this.lastShared < until;) {
      // Never beyond `until`, which ends a block: a newer block might be cut off.
      const left = until - this.lastShared;
      const count = left < limit ? Number(left) : limit;
      const page = await readSharedLane(this.dataSource, this.lastShared, count);
      const blocks = wholeBlocks(page, this.lastShared + BigInt(page.length) < until);
      if (blocks.length === 0) limit *= 2;
      for (const block of blocks) {
        const [first] = block;
        if (!first) continue;
        this.state.apply(block, {
          number: first.blockNumber,
          timestampMs: first.timestampMs,
          hash: first.blockHash,
        });
        this.lastShared = block.at(-1)?.laneSequence ?? this.lastShared;
      }
    }
  }
}

/** Entries by their blocks; where more is to come the last block is left for the next page: it may go on there. */
function wholeBlocks(entries: readonly SharedEntry[], moreToCome: boolean): SharedEntry[][] {
  const blocks: SharedEntry[][] = [];
  for (const entry of entries) {
    const block = blocks.at(-1);
    if (block && block[0]?.blockNumber === entry.blockNumber) block.push(entry);
    else blocks.push([entry]);
  }
  return moreToCome ? blocks.slice(0, -1) : blocks;
}
