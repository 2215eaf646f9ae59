import { type DigestSigner } from '#libs/crypto';
import { type NatsConnection } from '#libs/messaging';
import { commitmentDigest, rootSubject, SignedStateRoot, StateRoot } from '#libs/protocol';

export interface RootPublisherOptions {
  logId: Uint8Array;
  chainId: number;
  /** Shortest time between two roots, in ms. Default 1,000. */
  intervalMs?: number;
}

/** An applied block, as far as roots are concerned. */
export interface AppliedBlock {
  number: number;
  hash: Uint8Array;
  /** Whether anything but state roots and empty heartbeats happened in it; an expiry counts. */
  changed: boolean;
  /** Signs its root: the key that the registry in force in this block lists; null where this executor has none such. */
  signer: DigestSigner | null;
  /** Whether it came live; roots of blocks that come by replay are not published, the newest says it all. */
  isLive: boolean;
}

const INTERVAL_MS = 1_000;

/**
 * Publishes signed state roots on `root.<chainId>`: at most one a second, and only when something but roots and empty
 * heartbeats has happened since the last. It needs no timer, as a heartbeat comes every second.
 */
export class RootPublisher {
  private changed = false;
  private lastAt = -Infinity;

  constructor(
    private readonly connection: NatsConnection,
    private readonly options: RootPublisherOptions,
  ) {}

  /**
   * To be called after each block, before the next is applied.
   *
   * @param block the block just applied
   * @param computeRoot gives the state root after it, 32 bytes; called only when one is published
   * @returns the root that was published, or null
   */
  applied(block: AppliedBlock, computeRoot: () => Uint8Array): Uint8Array | null {
    this.changed ||= block.changed;
    const now = performance.now();
    if (!this.changed || !block.isLive || !block.signer || now - this.lastAt < (this.options.intervalMs ?? INTERVAL_MS))
      return null;
    const root = computeRoot();
    this.lastAt = now;
    this.changed = false;
    this.publish({ number: block.number, blockHash: block.hash, root }, block.signer);
    return root;
  }

  private publish(part: Pick<StateRoot, 'number' | 'blockHash' | 'root'>, signer: DigestSigner): void {
    const { logId, chainId } = this.options;
    const stateRoot: StateRoot = { logId, chainId, ...part };
    const signature = signer.sign(commitmentDigest(logId, 'root', StateRoot.hashTreeRoot(stateRoot)));
    try {
      this.connection.publish(rootSubject(chainId), SignedStateRoot.serialize({ stateRoot, signature }));
    } catch {
      // Closed: roots can be lost, the next one says as much.
    }
  }
}
