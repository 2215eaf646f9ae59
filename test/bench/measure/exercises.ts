import { LocalSigner } from '#libs/crypto';
import { publishPrice } from '#libs/executor-sdk';
import {
  bytesToHex,
  entryBody,
  hexToBytes,
  type Intent,
  intentDigest,
  OperationKind,
  Outcome,
  Prepare,
  type SeriesTerms,
} from '#libs/protocol';
import { callRpc, devnetKeys, AdminClient } from '#libs/testkit';
import type { BenchNetwork } from '../bench-network.js';
import type { DeliveryWatch } from './delivery-watch.js';
import { type Latency, latencyOf } from './quantiles.js';

const ETHER = 10n ** 18n;
const DOLLAR = 10n ** 6n;
const DEADLINE_MS = 8_000;
const PRICE_EVERY_MS = 1_000;
const WRITTEN = 1_000n * ETHER;
const EXERCISED = ETHER / 100n;

const METHODS = {
  [OperationKind.exercise]: 'lockstep_submitExercise',
  [OperationKind.write]: 'lockstep_submitWrite',
  [OperationKind.close]: 'lockstep_submitClose',
} as const;

/** How an exercise spreads over rollups. */
export interface ExerciseShape {
  legs: number;
  participants: number;
}

/**
 * A cash-settled American call, in the money, on three rollups: positions on the first, collateral and exposure on the
 * second, settlement on the third. Intents are signed natively, so that the client's signing does not disturb.
 */
export class ExerciseBench {
  readonly shape: ExerciseShape = { legs: 0, participants: 0 };
  private readonly writer = new LocalSigner(devnetKeys.account(0));
  private readonly holder = new LocalSigner(devnetKeys.account(1));
  private readonly priceSigner = new LocalSigner(devnetKeys.price());
  private readonly url: string;
  private readonly terms: SeriesTerms;
  private series = new Uint8Array(32);
  private nonce = 0n;
  private round = BigInt(Date.now());
  private prices: NodeJS.Timeout | null = null;

  private constructor(
    private readonly bench: BenchNetwork,
    private readonly watch: DeliveryWatch,
  ) {
    const { network } = bench;
    const [positionChainId, collateralChainId, settlementChainId] = network.chainIds as [number, number, number];
    this.url = network.rollupUrl(positionChainId);
    const [underlying, quote] = network.topology.assets.map(({ address }) => hexToBytes(address));
    this.terms = {
      underlying: underlying!,
      quote: quote!,
      strike: 2_000n * DOLLAR,
      expiryMs: Date.now() + 86_400_000,
      exerciseWindowMs: 0,
      isPut: false,
      isEuropean: false,
      isPhysical: false,
      positionChainId,
      exposureChainId: collateralChainId,
      collateralChainId,
      settlementChainId,
    };
  }

  /** Lists the series, publishes prices from now on, and writes the options that will be exercised. */
  static async start(bench: BenchNetwork, watch: DeliveryWatch): Promise<ExerciseBench> {
    const exercises = new ExerciseBench(bench, watch);
    await exercises.publishPrice();
    exercises.prices = setInterval(() => void exercises.publishPrice().catch(() => undefined), PRICE_EVERY_MS);
    await exercises.listAndWrite();
    return exercises;
  }

  stop(): void {
    if (this.prices) clearInterval(this.prices);
  }

  /** Exercises one after the other; from handing the intent to the client until a verifying follower has the decision. */
  async measure(until: (samples: number) => boolean): Promise<Latency> {
    const latenciesMs: number[] = [];
    while (!until(latenciesMs.length)) {
      const startedMs = performance.now();
      latenciesMs.push((await this.exercise()) - startedMs);
    }
    return latencyOf(latenciesMs);
  }

  private async exercise(): Promise<number> {
    const fields = {
      ...this.common(),
      holder: this.holder.address,
      backer: this.writer.address,
      quantity: EXERCISED,
      minPriceRound: 0n,
      maxPriceAgeMs: 60_000n,
    };
    return this.submit({ selector: OperationKind.exercise, value: fields }, [this.holder]);
  }

  private async listAndWrite(): Promise<void> {
    const { network, logId } = this.bench;
    const registry = new AdminClient(this.url, network.natsUrl, logId, new LocalSigner(devnetKeys.registry()));
    this.series = Uint8Array.from(await registry.listSeries(this.terms));
    await registry.close();
    const fields = {
      ...this.common(),
      writer: this.writer.address,
      backer: this.writer.address,
      buyer: this.holder.address,
      quantity: WRITTEN,
      premium: DOLLAR,
    };
    await this.submit({ selector: OperationKind.write, value: fields }, [this.writer, this.holder]);
    await this.exercise();
    // What the exercise just decided looked like, by the log's own record.
    const { rows } = await this.bench.database.query<{ bytes: Buffer }>(
      'SELECT bytes FROM lockstep.entries WHERE kind = 3 ORDER BY sequence DESC LIMIT 1',
    );
    const { legs, participants } = Prepare.deserialize(entryBody(Uint8Array.from(rows[0]!.bytes)));
    Object.assign(this.shape, { legs: legs.length, participants: participants.length });
  }

  /** Submits and waits for the decision. Returns when it was delivered. @throws Error unless it commits */
  private async submit(intent: Intent, signers: readonly LocalSigner[]): Promise<number> {
    const digest = intentDigest(this.bench.logId, this.terms.positionChainId, intent);
    const signatures = signers.map((signer) => bytesToHex(signer.sign(digest)));
    const json = Object.fromEntries(
      Object.entries(intent.value).map(([name, value]: [string, Uint8Array | bigint]) => {
        return [name, typeof value === 'bigint' ? String(value) : bytesToHex(value)];
      }),
    );
    const decided = this.watch.next(digest);
    await callRpc(this.url, METHODS[intent.selector], [json, signatures]);
    const { atMs, decision } = await decided;
    if (decision?.outcome !== Outcome.commit) throw new Error(`an operation aborted: reason ${decision?.reason}`);
    return atMs;
  }

  private common(): { series: Uint8Array; deadlineMs: bigint; nonce: bigint } {
    return { series: this.series, deadlineMs: BigInt(Date.now() + DEADLINE_MS), nonce: this.nonce++ };
  }

  private async publishPrice(): Promise<void> {
    const { nats, logId } = this.bench;
    const { underlying, quote } = this.terms;
    const price = { underlying, quote, round: ++this.round, price: 2_400n * DOLLAR, observedAtMs: Date.now() };
    const result = await publishPrice(nats, logId, price, this.priceSigner);
    if ('code' in result) throw new Error(`a price was refused: ${result.message}`);
  }
}
