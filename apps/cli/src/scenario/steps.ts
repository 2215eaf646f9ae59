import { setTimeout as delay } from 'node:timers/promises';
import { encodeFunctionData, type Hex } from 'viem';
import { OPTIONS_MARKET_ABI } from '#libs/options';
import { Reason } from '#libs/protocol';
import { heading, print } from '../console.js';
import { type Balances, type Party, printBalances, readBalances, sameBalances } from './balances.js';
import { deadline, ETHER, type ListedOptions, type ListedSeries } from './options-setup.js';
import { MARKET, type World } from './world.js';

/** What the steps have found out. */
export interface StepResults {
  committed: number;
  aborted: number;
  abortReasons: Record<string, number>;
  /** From handing an exercise to the client until its decision came out of the verified feed, in ms. */
  exerciseMs: number[];
  /** What should have been and was not. */
  failures: string[];
}

/** The guided scenario's steps (a) to (e), with the European exercise and a close. */
export class Steps {
  readonly results: StepResults = { committed: 0, aborted: 0, abortReasons: {}, exerciseMs: [], failures: [] };
  private readonly parties: Party[];

  constructor(
    private readonly world: World,
    private readonly options: ListedOptions,
  ) {
    const [writer, holder] = world.accounts;
    this.parties = [
      { name: 'writer', address: writer!.address },
      { name: 'holder', address: holder!.address },
      { name: 'pool', address: world.pool },
    ];
  }

  /** (a) A cash-settled call, exercised across three rollups, commits. */
  async cashCall(): Promise<void> {
    await this.step('(a) exercise 2 cash-settled calls across three rollups', async () => {
      const outcome = await this.exercise(this.options.call, this.writer, 2n * ETHER);
      this.expect(outcome === 'committed', `(a) should have committed and was ${outcome}`);
    });
  }

  /** (b) A physically settled put with four roles commits. */
  async physicalPut(): Promise<void> {
    await this.step(
      '(b) exercise 1 physically settled put of the pool: the holder delivers ETH, is paid USD',
      async () => {
        const outcome = await this.exercise(this.options.put, this.world.pool, ETHER);
        this.expect(outcome === 'committed', `(b) should have committed and was ${outcome}`);
      },
    );
  }

  /** (c) One aborts because a leg refuses: the holder has meanwhile transferred the options. */
  async refusedLeg(): Promise<void> {
    const { put } = this.options;
    const [options] = this.world.rollups;
    await this.step('(c) transfer the remaining puts away, then exercise them all the same', async () => {
      const hash = await options!.wallet.sendTransaction({
        account: this.holderAccount,
        to: MARKET,
        data: encodeFunctionData({
          abi: OPTIONS_MARKET_ABI,
          functionName: 'transferOption',
          args: [put.id, this.world.pool, this.world.accounts[2]!.address, 4n * ETHER],
        }),
      });
      const receipt = await options!.reads.waitForTransactionReceipt({ hash });
      this.expect(receipt.status === 'success', `(c) the transfer of options was ${receipt.status}`);
      const before = await this.balances();
      const outcome = await this.exercise(put, this.world.pool, ETHER);
      this.expect(outcome === 'insufficient_position', `(c) should have aborted for the position and was ${outcome}`);
      this.expect(sameBalances(before, await this.balances()), '(c) the aborted exercise changed a balance');
    });
  }

  /** (d) One aborts at its deadline: an executor was stopped just before; it comes back, replays and agrees. */
  async silentExecutor(): Promise<void> {
    const { network } = this.world;
    const cash = network.chainIds[2]!;
    await this.step('(d) stop the cash rollup’s executor, exercise: it aborts at its deadline', async () => {
      const before = await this.balances();
      await network.executors.get(cash)!.stop();
      const outcome = await this.exercise(this.options.call, this.writer, ETHER, deadline(3_000));
      this.expect(outcome === 'expired', `(d) should have expired and was ${outcome}`);
      network.startExecutor(cash);
      await network.waitForHeight(this.world.feed.height());
      print('  the executor is back, has replayed and agrees');
      this.expect(sameBalances(before, await this.balances()), '(d) the expired exercise changed a balance');
    });
  }

  /** (e) The same intent sent twice happens once. */
  async sentTwice(): Promise<void> {
    await this.step('(e) send one intent three times: it happens once', async () => {
      const intent = this.exerciseIntent(this.options.call, this.writer, ETHER, deadline());
      const chainId = this.options.call.terms.positionChainId;
      const send = (): Promise<{ id: Hex }> =>
        this.world.operations.submit('ExerciseIntent', chainId, intent, [this.holderAccount]);
      const together = await Promise.all([send(), send()]);
      await this.settled(together[0].id);
      const later = await send();
      const ids = new Set([...together, later].map(({ id }) => id));
      print(`  three answers, ${ids.size} operation: ${[...ids].join(', ')}`);
      this.expect(ids.size === 1, `(e) one intent became ${ids.size} operations`);
    });
  }

  /** A European call, exercised once it has expired, at the first price after expiry. */
  async european(): Promise<void> {
    const { european } = this.options;
    await this.step('(f) exercise 2 European calls after expiry, at the settlement price', async () => {
      const waitMs = european.terms.expiryMs - Date.now() + 50;
      if (waitMs > 0) await delay(waitMs, undefined, { signal: this.world.signal });
      await this.world.setPrice(2_450n * 10n ** 6n);
      const outcome = await this.exercise(european, this.writer, 2n * ETHER);
      this.expect(outcome === 'committed', `(f) should have committed and was ${outcome}`);
    });
  }

  /** Holder and writer close a position early. */
  async close(): Promise<void> {
    const { call } = this.options;
    await this.step('(g) close 1 call: the writer pays, the collateral is free again', async () => {
      const intent = {
        series: call.id,
        holder: this.holderAccount.address,
        backer: this.writer,
        quantity: ETHER,
        payment: 300n * 10n ** 6n,
        deadlineMs: deadline(),
        nonce: this.world.freshNonce(),
      };
      const signers = [this.holderAccount, this.world.accounts[0]!];
      const { id } = await this.world.operations.submit('CloseIntent', call.terms.positionChainId, intent, signers);
      const outcome = await this.settled(id);
      this.expect(outcome === 'committed', `(g) should have committed and was ${outcome}`);
    });
  }

  /** A row of small exercises one after the other, for the latency. */
  async exerciseMany(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      this.world.signal.throwIfAborted();
      const outcome = await this.exercise(this.options.call, this.writer, ETHER / 100n, deadline(), true);
      this.expect(outcome === 'committed', `a small exercise should have committed and was ${outcome}`);
    }
  }

  /** Notes an operation that was decided elsewhere, such as the writes. */
  countCommitted(operations: number): void {
    this.results.committed += operations;
  }

  private async exercise(
    series: ListedSeries,
    backer: Hex,
    quantity: bigint,
    deadlineMs = deadline(),
    quiet = false,
  ): Promise<string> {
    const intent = this.exerciseIntent(series, backer, quantity, deadlineMs);
    const startedMs = performance.now();
    const { id } = await this.world.operations.submit('ExerciseIntent', series.terms.positionChainId, intent, [
      this.holderAccount,
    ]);
    const { atMs } = await this.world.feed.decided(id);
    const outcome = await this.settled(id, quiet ? null : atMs - startedMs);
    if (outcome !== 'expired') this.results.exerciseMs.push(atMs - startedMs);
    return outcome;
  }

  private exerciseIntent({ id }: ListedSeries, backer: Hex, quantity: bigint, deadlineMs: bigint) {
    return {
      series: id,
      holder: this.holderAccount.address,
      backer,
      quantity,
      minPriceRound: 0n,
      maxPriceAgeMs: 60_000n,
      deadlineMs,
      nonce: this.world.freshNonce(),
    };
  }

  /** Waits for the decision and until every executor has applied it; counts it. */
  private async settled(id: Hex, tookMs: number | null = null): Promise<string> {
    const { decision, block } = await this.world.feed.decided(id);
    const committed = decision.outcome === 1;
    const outcome = committed ? 'committed' : (Reason[decision.reason] ?? 'unknown');
    if (committed) this.results.committed += 1;
    else {
      this.results.aborted += 1;
      this.results.abortReasons[outcome] = (this.results.abortReasons[outcome] ?? 0) + 1;
    }
    if (tookMs !== null) print(`  ${id.slice(0, 18)}…  ${outcome} in block ${block} after ${tookMs.toFixed(1)} ms`);
    const { network } = this.world;
    await network.waitForHeight(
      block,
      network.chainIds.filter((chainId) => network.executors.get(chainId)?.hasExited === false),
    );
    return outcome;
  }

  private async step(title: string, act: () => Promise<void>): Promise<void> {
    this.world.signal.throwIfAborted();
    heading(title);
    const before = await this.balances();
    await act();
    printBalances(this.world, before, await this.balances());
  }

  private balances(): Promise<Balances> {
    return readBalances(this.world, this.parties);
  }

  private expect(holds: boolean, failure: string): void {
    if (holds) return;
    this.results.failures.push(failure);
    print(`  FAILED: ${failure}`);
  }

  private get writer(): Hex {
    return this.world.accounts[0]!.address;
  }

  private get holderAccount(): World['accounts'][number] {
    return this.world.accounts[1]!;
  }
}
