import type { RecoverAddress } from '#libs/atomic-commit';
import { Ledger, LedgerHaltError, type BlockResult, type LedgerBlock, type StoredChange } from '#libs/options';
import { blockHash, bytesToHex, type Genesis, NO_SENDER, SHARED_LANE } from '#libs/protocol';
import type { StatedRoot } from '../check/check-signed-entries.js';
import type { Problems } from '../run/problem.js';
import type { AuditedBlock } from '../source/audit-source.js';
import { Conservation } from './conservation.js';
import { StatedRows } from './stated-rows.js';

/** What re-execution needs of a ledger. */
export interface AuditLedger {
  readonly registry: Ledger['registry'];
  applyBlock(block: LedgerBlock): BlockResult;
  stateRoot(): Uint8Array;
  takeChanges(): StoredChange[];
}

export interface ExecuteOptions {
  genesis: Genesis;
  /** Of all rollups that the log ever had. */
  chainIds: readonly number[];
  /** By the height that they speak of. */
  statedRoots: ReadonlyMap<number, readonly StatedRoot[]>;
  recover: RecoverAddress;
  problems: Problems;
  openLedger?: (genesis: Genesis, chainId: number, recover: RecoverAddress) => AuditLedger;
}

interface Rollup {
  chainId: number;
  ledger: AuditLedger;
  rows: StatedRows;
}

/** The log executed again, one ledger for each rollup: stated roots (I15) and conservation (I19). */
export class LogExecution {
  /** State roots that were compared. */
  rootsCompared = 0;
  /** Whether a ledger refused to go on; what follows cannot be looked at. */
  stoppedAt: number | null = null;
  private readonly rollups: Rollup[] = [];
  private readonly conservation: Conservation;
  private readonly signers = new Map<string, Uint8Array | null>();

  constructor(private readonly options: ExecuteOptions) {
    const { genesis, chainIds, problems } = options;
    const open = options.openLedger ?? ((block, chainId, recover) => Ledger.fromGenesis(block, chainId, { recover }));
    this.conservation = new Conservation(genesis, ({ message, blockNumber }) =>
      problems.add('I19 CONSERVATION', blockNumber, message),
    );
    for (const chainId of chainIds) {
      const ledger = open(genesis, chainId, (digest, signature) => this.recover(digest, signature));
      const rows = new StatedRows();
      rows.apply(ledger.takeChanges(), new Set());
      this.rollups.push({ chainId, ledger, rows });
    }
    this.conservation.endBlock(0, this.totals());
    this.compareRoots(0);
  }

  /** Applies the next block on every rollup. */
  apply(block: AuditedBlock): void {
    if (this.stoppedAt !== null) return;
    const { header, number } = block;
    const hash = blockHash(header);
    // The ledgers of all rollups look at the same votes.
    this.signers.clear();
    for (const { chainId, ledger, rows } of this.rollups) {
      const { registry } = ledger;
      try {
        const result = ledger.applyBlock(sliceOf(block, chainId, hash));
        for (const event of result.operationEvents) this.conservation.see(registry, event);
      } catch (error) {
        this.stop(block, chainId, error);
        return;
      }
      rows.apply(ledger.takeChanges(), new Set());
    }
    this.conservation.endBlock(number, this.totals());
    this.compareRoots(number);
  }

  private compareRoots(number: number): void {
    for (const { chainId, root, block, entry } of this.options.statedRoots.get(number) ?? []) {
      const rollup = this.rollups.find((other) => other.chainId === chainId);
      if (!rollup) continue;
      this.rootsCompared += 1;
      const executed = bytesToHex(rollup.ledger.stateRoot());
      if (executed === bytesToHex(root)) continue;
      const message = `state root ${entry.sequence} says ${bytesToHex(root)} for ${chainId} after block ${number}; re-execution gives ${executed}`;
      this.options.problems.add('I15 STATE_ROOT', block, message, entry);
    }
  }

  private stop(block: AuditedBlock, chainId: number, error: unknown): void {
    this.stoppedAt = block.number;
    const sequence = error instanceof LedgerHaltError ? error.type.sequence : null;
    const entry = block.entries.find((other) => other.sequence === sequence);
    const message = `the ledger of ${chainId} stops: ${(error as Error).message}`;
    this.options.problems.add('I15 EXECUTION_STOPPED', block.number, message, entry);
  }

  private totals() {
    return this.rollups.map(({ rows }) => rows.totals);
  }

  private recover(digest: Uint8Array, signature: Uint8Array): Uint8Array | null {
    const key = Buffer.concat([digest, signature]).toString('latin1');
    let signer = this.signers.get(key);
    if (signer === undefined) this.signers.set(key, (signer = this.options.recover(digest, signature)));
    return signer;
  }
}

/** What the follower of a rollup gets of a block. */
function sliceOf({ header, lanes, entries }: AuditedBlock, chainId: number, hash: Uint8Array): LedgerBlock {
  const last = (of: number): bigint => {
    const lane = lanes.find((other) => other.chainId === of);
    return lane ? lane.firstLaneSequence + BigInt(lane.entryCount) - 1n : 0n;
  };
  const own = entries.filter(({ lane }) => lane === SHARED_LANE || lane === chainId);
  return {
    header,
    hash,
    entries: own.map(({ sequence, sender, bytes }) => ({ sequence, sender: sender ?? NO_SENDER, bytes })),
    laneSequences: { own: last(chainId), shared: last(SHARED_LANE) },
  };
}
