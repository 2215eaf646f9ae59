import type { VerifiedBlock } from '#libs/executor-sdk';
import {
  bytesToHex,
  entryBody,
  EntryKind,
  equalBytes,
  findRollup,
  type Hex,
  type Registry,
  SignedStateRoot,
} from '#libs/protocol';

/** Another replay of this rollup's log came to another state than this executor. */
export interface Dispute {
  /** The block after which the roots differ. */
  number: number;
  own: Hex;
  /** What the log has of another key of this rollup. */
  other: Hex;
}

/** Own roots that are remembered; others follow within seconds. */
const ROOTS_MAX = 256;

/**
 * Compares the roots that this executor stated with those that the log has of other keys of its rollup (I15). Which of
 * them is wrong nobody knows yet, so the executor falls silent: no vote until an operator has looked into it.
 *
 * ```
 *        the log has another root of a height           the rollup is quarantined        and released
 *  agreed ─────────────────────────────────► disputed ───────────────────────► examined ───────────────► agreed
 *                                            no vote leaves                    no vote leaves
 * ```
 */
export class RootDispute {
  private dispute: Dispute | null = null;
  private isExamined = false;
  private readonly stated = new Map<number, Uint8Array>();

  constructor(private readonly chainId: number) {}

  get current(): Dispute | null {
    return this.dispute;
  }

  /** This executor has computed its root after a block. */
  computed(number: number, root: Uint8Array): void {
    this.stated.set(number, root);
    if (this.stated.size > ROOTS_MAX) this.stated.delete(this.stated.keys().next().value ?? number);
  }

  /**
   * A block has been applied.
   * @param registry in force after it
   * @returns `found` or `ended` where this block changed how things stand
   */
  applied({ entries }: VerifiedBlock, registry: Registry): 'found' | 'ended' | null {
    if (this.dispute) return this.follow(registry);
    for (const { kind, bytes } of entries) {
      if (kind !== EntryKind.STATE_ROOT) continue;
      const { stateRoot } = SignedStateRoot.deserialize(entryBody(bytes));
      const own = stateRoot.chainId === this.chainId ? this.stated.get(stateRoot.number) : undefined;
      if (!own || equalBytes(own, stateRoot.root)) continue;
      this.dispute = { number: stateRoot.number, own: bytesToHex(own), other: bytesToHex(stateRoot.root) };
      this.isExamined = findRollup(registry, this.chainId)?.quarantined === true;
      return 'found';
    }
    return null;
  }

  private follow(registry: Registry): 'ended' | null {
    const isQuarantined = findRollup(registry, this.chainId)?.quarantined === true;
    if (isQuarantined) this.isExamined = true;
    if (isQuarantined || !this.isExamined) return null;
    this.dispute = null;
    this.stated.clear();
    return 'ended';
  }
}
