import type { DigestSigner } from '#libs/crypto';
import type { Leadership } from '#libs/persistence';
import type { LeaderTerm, LeaderTermModules, LeaderTermOptions } from './leader-term.js';
import type { LogState } from './log-state.js';
import { assertMayLead } from './may-lead.js';

export interface TermStartModules {
  leadership: Pick<Leadership, 'clockMs'>;
  signer: DigestSigner;
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
  }

  /** Begins an epoch that was taken; `state` has been read to the log's end since. */
  async begin(epoch: number, state: LogState): Promise<LeaderTerm> {
    const { pendingRestore, term, signer, open } = this.modules;
    state.pendingRestore = await pendingRestore(state.tip.number);
    return open({ ...this.options, epoch }, state, { ...term, signer });
  }
}
