import type { RecoverAddress } from '#libs/atomic-commit';
import type { DigestSigner } from '#libs/crypto';
import type { Leadership } from '#libs/persistence';
import { assertRestoreUsable } from './check-restore.js';
import type { LeaderTerm, LeaderTermModules, LeaderTermOptions } from './leader-term.js';
import type { LogState } from './log-state.js';
import { assertMayLead } from './may-lead.js';

export interface TermStartModules {
  leadership: Pick<Leadership, 'clockMs' | 'current'>;
  signer: DigestSigner;
  recover: RecoverAddress;
  /** The restore that the block after this one has to carry: SSZ of a SignedRestore, or null. */
  pendingRestore: (head: number) => Promise<Uint8Array | null>;
  /** What a term gets besides the signer. */
  term: Omit<LeaderTermModules, 'signer'>;
  /** Opens a term: {@link LeaderTerm.begin}. */
  open: (options: LeaderTermOptions, state: LogState, modules: LeaderTermModules) => Promise<LeaderTerm>;
}

/** The beginning of a term: whether this node may lead what the log says, and with what it begins. */
export class TermStart {
  private isTimeConfirmed = false;

  constructor(
    private readonly options: Omit<LeaderTermOptions, 'epoch'>,
    private readonly modules: TermStartModules,
  ) {}

  /** An operator says that this node's clock is right, however far log time has to jump. */
  confirmTime(): void {
    this.isTimeConfirmed = true;
  }

  /** Asked before an epoch is taken, with the log read to its end. @throws LockstepError saying why not */
  async assertMayLead(state: LogState): Promise<void> {
    const { leadership, signer } = this.modules;
    assertMayLead(state, signer.address, await leadership.clockMs(), this.isTimeConfirmed);
    // Before the epoch is raised: else each try would raise it.
    await this.usableRestore(state, (await leadership.current()).epoch + 1);
  }

  /**
   * Begins an epoch that was taken; `state` has been read to the log's end since.
   * @throws RestoreUnusableError
   */
  async begin(epoch: number, state: LogState): Promise<LeaderTerm> {
    const { term, signer, open } = this.modules;
    state.pendingRestore = await this.usableRestore(state, epoch);
    return open({ ...this.options, epoch }, state, { ...term, signer });
  }

  /** The restore that the next block has to carry, if any. @throws RestoreUnusableError */
  private async usableRestore(state: LogState, epoch: number): Promise<Uint8Array | null> {
    const body = await this.modules.pendingRestore(state.tip.number);
    if (body) assertRestoreUsable(body, state, epoch, this.modules.recover);
    return body;
  }
}
