import { Coordinator, type PreparedOperation, type RecoverAddress } from '#libs/atomic-commit';
import type { Tip } from '#libs/ordering';
import { PriceBook } from '#libs/options';
import type { AuditLink, AuditRow } from '#libs/persistence';
import {
  applyRegistryChange,
  assertInvariant,
  decodeDecision,
  decodePrepare,
  decodePrice,
  decodeRegistryChange,
  EntryKind,
  findRollup,
  type Genesis,
  logId,
  type Prepare,
  type Registry,
  RegistryAction,
} from '#libs/protocol';
import { RollupKeys } from './rollup-keys.js';

/** Signed commands that are remembered: far more than are given while one is fresh. */
const LOGGED_COMMANDS_MAX = 4096;

/** An entry of the shared lane as the leader's memory takes it in. */
export interface AppliedEntry {
  kind: EntryKind;
  id: Uint8Array;
  bytes: Uint8Array;
}

/** The block in which entries stand. */
export interface BlockPlace {
  number: number;
  /** Log time in ms. */
  timestampMs: number;
  hash: Uint8Array;
}

/**
 * What the leader remembers of the log: where it ends, the registry, prices, undecided operations. All of it is read
 * from the log when an epoch begins, and follows it block by block: `apply` is called once a block is durable.
 */
export class LogState {
  readonly logId: Uint8Array;
  readonly prices = new PriceBook();
  readonly coordinator: Coordinator;
  /** Which keys each rollup has had, and from which block on. */
  readonly rollupKeys: RollupKeys;
  /** In force in the next block. */
  registry: Registry;
  tip: Tip;
  /** The newest row of the audit log, which the next one follows; undefined before the first. */
  lastAudit: AuditLink | undefined;
  /** Whether an operator has drained the intake: new submissions are refused, everything else goes on. */
  isDraining = false;
  /** Log time of the newest change of each rollup's quarantine, set or lifted, in ms. */
  readonly quarantineSetAtMs = new Map<number, number>();
  /** Roots of the newest signed commands that the audit log names. */
  private readonly loggedCommands = new Set<string>();
  /** A declared restore that the next block has to carry: SSZ of a SignedRestore. */
  pendingRestore: Uint8Array | null = null;

  constructor(
    readonly genesis: Genesis,
    recover: RecoverAddress,
  ) {
    this.logId = logId(genesis);
    this.registry = genesis.registry;
    this.rollupKeys = new RollupKeys(genesis.registry);
    this.coordinator = new Coordinator(this.logId, recover);
    this.tip = {
      number: 0,
      hash: this.logId,
      timestampMs: genesis.startTimeMs,
      nextSequence: 1n,
      nextLaneSequences: new Map(),
    };
  }

  /** Takes in durable rows of the audit log, in the order of their ids. */
  applyAudits(rows: readonly AuditRow[]): void {
    for (const row of rows) {
      this.lastAudit = row;
      if (row.command === 'intake.drain') this.isDraining = true;
      if (row.command === 'intake.resume') this.isDraining = false;
      const detail = JSON.parse(row.detail) as { commandRoot?: string } | null;
      if (detail?.commandRoot !== undefined) this.loggedCommands.add(detail.commandRoot);
      const [oldest] = this.loggedCommands;
      if (this.loggedCommands.size > LOGGED_COMMANDS_MAX) this.loggedCommands.delete(oldest!);
    }
  }

  /** Whether a command with this root (hex) is in the audit log, as far as it is remembered. */
  hasLogged(root: string): boolean {
    return this.loggedCommands.has(root);
  }

  /** Takes in a durable block's entries that matter to the leader, in ascending sequence. */
  apply(entries: Iterable<AppliedEntry>, { number, timestampMs, hash }: BlockPlace): void {
    const inForce = this.registry;
    for (const { kind, id, bytes } of entries) {
      switch (kind) {
        case EntryKind.PRICE:
          this.prices.apply(decodePrice(bytes).price, timestampMs, inForce);
          break;
        case EntryKind.REGISTRY_CHANGE: {
          const { change } = decodeRegistryChange(bytes);
          this.registry = applyRegistryChange(this.registry, change, timestampMs);
          if (change.action.selector === (RegistryAction.SET_ROLLUP_QUARANTINED as number)) {
            const { chainId } = change.action.value as { chainId: number };
            this.quarantineSetAtMs.set(chainId, timestampMs);
          }
          this.rollupKeys.changed(this.registry, number + 1);
          break;
        }
        case EntryKind.PREPARE: {
          const prepare = decodePrepare(bytes);
          this.coordinator.prepared(preparedOperation(prepare, id, hash, inForce));
          break;
        }
        case EntryKind.DECISION: {
          const { operationId } = decodeDecision(bytes);
          assertInvariant(this.coordinator.has(operationId), 'I16: a decision without an undecided prepare');
          this.coordinator.decided(operationId);
          break;
        }
        case EntryKind.RESTORE:
          this.pendingRestore = null;
          break;
        case EntryKind.TRANSACTION:
        case EntryKind.STATE_ROOT:
          break;
      }
    }
  }
}

/** What the coordinator keeps of a PREPARE. `registry` is the one in force in its block. */
export function preparedOperation(
  { operationId, deadlineMs, participants }: Prepare,
  prepareId: Uint8Array,
  prepareBlockHash: Uint8Array,
  registry: Registry,
): PreparedOperation {
  return {
    operationId,
    prepareId,
    prepareBlockHash,
    deadlineMs,
    participants: participants.map((chainId) => {
      const rollup = findRollup(registry, chainId);
      assertInvariant(rollup !== undefined, `I32: participant ${chainId} is no rollup of the registry`);
      return { chainId, votingKey: rollup.votingKey };
    }),
  };
}
