import { type Hex, keccak256 } from 'viem';
import type { World } from './world.js';

const BATCH = 20;
const GWEI = 1_000_000_000n;

export interface LoadResult {
  sent: number;
  acknowledged: number;
  refused: number;
  /** From handing a batch to the client until its transaction came out of the verified feed, in ms. */
  submitToFeedMs: number[];
}

/**
 * Sends plain transfers on every rollup, signed by viem, in JSON-RPC batches, while the scenario runs beside it.
 * @param transfers in all
 */
export class TransferLoad {
  private readonly result: LoadResult = { sent: 0, acknowledged: 0, refused: 0, submitToFeedMs: [] };
  private readonly sentAtMs = new Map<Hex, number>();
  private running: Promise<void> | null = null;

  constructor(
    private readonly world: World,
    private readonly transfers: number,
  ) {}

  start(): void {
    const { rollups } = this.world;
    const each = Math.ceil(this.transfers / rollups.length);
    this.running = Promise.all(rollups.map((_, index) => this.sendOn(index, each))).then(() => undefined);
    this.running.catch(() => undefined);
  }

  /** Waits until all are sent and delivered. */
  async finish(): Promise<LoadResult> {
    await this.running;
    for (const [hash, sentAtMs] of this.sentAtMs) {
      this.result.submitToFeedMs.push((await this.world.feed.delivered(hash)) - sentAtMs);
    }
    return this.result;
  }

  private async sendOn(rollupIndex: number, count: number): Promise<void> {
    const { rollups, accounts } = this.world;
    const rollup = rollups[rollupIndex]!;
    const sender = accounts[3 + rollupIndex]!;
    const receiver = accounts[6 + rollupIndex]!;
    let nonce = await rollup.reads.getTransactionCount({ address: sender.address, blockTag: 'pending' });
    for (let left = count; left > 0; left -= BATCH) {
      this.world.signal.throwIfAborted();
      const raws: Hex[] = [];
      for (let i = 0; i < Math.min(BATCH, left); i++) {
        raws.push(
          await sender.signTransaction({
            type: 'eip1559',
            chainId: rollup.chain.id,
            to: receiver.address,
            value: 1_000_000_000_000n,
            nonce: nonce++,
            gas: 21_000n,
            maxFeePerGas: GWEI,
            maxPriorityFeePerGas: GWEI,
          }),
        );
      }
      await this.sendBatch(rollup.url, raws);
    }
  }

  private async sendBatch(url: string, raws: readonly Hex[]): Promise<void> {
    const sentAtMs = performance.now();
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(
        raws.map((raw, id) => ({ jsonrpc: '2.0', id, method: 'eth_sendRawTransaction', params: [raw] })),
      ),
    });
    const answers = (await response.json()) as { id: number; result?: Hex }[];
    for (const { id, result } of answers) {
      this.result.sent += 1;
      if (result === undefined) this.result.refused += 1;
      else {
        this.result.acknowledged += 1;
        if (result !== keccak256(raws[id]!)) throw new Error('the hash that was answered is not the transaction’s');
        this.sentAtMs.set(result, sentAtMs);
      }
    }
  }
}
