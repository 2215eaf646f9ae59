import { setTimeout as delay } from 'node:timers/promises';
import { type DigestSigner, LocalSigner } from '#libs/crypto';
import { publishPrice } from '#libs/executor-sdk';
import { hexToBytes } from '#libs/protocol';
import { devnetKeys } from '../../network/devnet-keys.js';
import type { Random } from '../plan/random.js';
import type { ClientWorld, LoadClient } from './client-world.js';

const EVERY_MS = 400;
const DOLLAR = 1_000_000;

/** Publishes prices of ETH that wander around 2,400 USD; the options of the load are in the money most of the time. */
export class PriceClient implements LoadClient {
  private stopped = false;
  private round = BigInt(Date.now());

  constructor(
    private readonly world: ClientWorld,
    private readonly random: Random,
    private readonly signer: DigestSigner = new LocalSigner(devnetKeys.price()),
  ) {}

  async run(): Promise<void> {
    while (!this.stopped) {
      await this.publish().catch(() => undefined); // a price that is lost is followed by another
      await delay(EVERY_MS);
    }
  }

  /** One price. @throws Error when it did not get into the log */
  async publish(price = this.random.between(2_100 * DOLLAR, 2_480 * DOLLAR)): Promise<void> {
    const { nats, logId, assets } = this.world;
    const result = await publishPrice(
      nats,
      logId,
      {
        underlying: hexToBytes(assets.eth),
        quote: hexToBytes(assets.usd),
        round: ++this.round,
        price: BigInt(price),
        observedAtMs: Date.now(),
      },
      this.signer,
      { timeoutMs: 3_000 },
    );
    if ('code' in result) throw new Error(`the price was refused: ${result.message}`);
  }

  stop(): void {
    this.stopped = true;
  }
}
