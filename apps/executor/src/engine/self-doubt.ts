import type { Cursor, VerifiedBlock } from '#libs/executor-sdk';
import type { Logger } from '#libs/runtime';
import { RegressionWatch } from './regression.js';
import { RootDispute } from './root-dispute.js';

/** Whether an executor has reason to doubt its own state: then it must send no votes (docs/adr/0008). */
export class SelfDoubt {
  private readonly regression = new RegressionWatch();
  private readonly dispute: RootDispute;

  constructor(
    chainId: number,
    private readonly logger: Logger,
  ) {
    this.dispute = new RootDispute(chainId);
  }

  /** Why no vote may leave; null while all is well. */
  get state(): 'regressed' | 'disputed' | null {
    if (this.regression.current) return 'regressed';
    return this.dispute.current ? 'disputed' : null;
  }

  /** Looks at a slice that came live while blocks before it are still to be replayed. @returns whether that is news */
  glimpse(cursor: Cursor, bytes: Uint8Array): boolean {
    const found = this.regression.glimpse(cursor, bytes);
    if (!found) return false;
    const { attributed, own, untilNumber } = found;
    const detail = { attributed: String(attributed), own: String(own), untilNumber };
    this.logger.warn({ kind: 'regressed', ...detail }, 'incident: state was lost; no vote until it is replayed');
    return true;
  }

  /** This executor has computed its root after a block. */
  computed(number: number, root: Uint8Array): void {
    this.dispute.computed(number, root);
  }

  /** Looks at what a block that has been applied says of this executor. @returns whether that is news */
  applied(block: VerifiedBlock): boolean {
    const regained = this.regression.applied(block.header.number);
    if (regained) {
      const { own } = block.cursor.laneSequences;
      this.logger.info({ number: block.header.number }, 'replayed what was lost; votes go out again');
      if (own < regained.attributed) {
        const detail = { attributed: String(regained.attributed), own: String(own), number: regained.untilNumber };
        this.logger.warn({ kind: 'false_clock', ...detail }, 'incident: a certificate says more of us than the log');
      }
    }
    const changed = this.dispute.applied(block, block.cursor.registry);
    if (changed === 'found') {
      this.logger.error(
        { kind: 'differing_roots', ...this.dispute.current },
        'incident: no vote until this is examined',
      );
    } else if (changed === 'ended') this.logger.info('released after a dispute; votes go out again');
    return regained !== null || changed !== null;
  }
}
