import { type Intent, Outcome, Reason, RegistryAction, seriesId, type SeriesTerms } from '#libs/protocol';
import fc from 'fast-check';
import {
  ALICE,
  ALL_TERMS,
  BOB,
  CHAIN_IDS,
  type Draft,
  ETH,
  EXPIRY_MS,
  hexOf,
  type Network,
  ONE_ETH,
  ONE_USD,
  OPERATOR,
  OWNERS,
  POOL,
  type Prepared,
  terms,
  USD,
} from './network.js';
import { calldata, transaction } from './transactions.js';

/** All roles on one rollup, beside the eight series with each role on its own. */
const HERE = { positionChainId: 102, exposureChainId: 102, collateralChainId: 102, settlementChainId: 102 };
export const PROGRAM_TERMS: SeriesTerms[] = [
  ...ALL_TERMS,
  terms(HERE),
  terms({ ...HERE, isPut: true, isPhysical: true }),
];

const who = fc.constantFrom(...OWNERS);
const backing = fc.constantFrom(ALICE, BOB, POOL);
const of = fc.constantFrom(...PROGRAM_TERMS);
const assets = fc.constantFrom(ETH, USD);
const chain = fc.constantFrom(...CHAIN_IDS);
/** Round and odd amounts, now and then more than anyone has. */
const amount = fc.oneof(
  { weight: 6, arbitrary: fc.bigInt(1n, 5n).map((n) => n * ONE_ETH) },
  { weight: 6, arbitrary: fc.bigInt(0n, 3n * ONE_ETH) },
  { weight: 1, arbitrary: fc.constant(2n ** 90n) },
);
const cash = fc.oneof(
  { weight: 6, arbitrary: fc.constant(0n) },
  { weight: 6, arbitrary: fc.bigInt(1n, 1_000_000_000n) },
  { weight: 1, arbitrary: fc.constant(2n ** 90n) },
);
/** Which of the long positions there are, and how many quarters of it; five are too many. */
const pick = fc.nat(99);
const quarters = fc.bigInt(1n, 5n);
const abort = fc.nat(9).map((n) => n === 0);
const action = <K extends string, V extends object>(kind: K, fields: { [F in keyof V]: fc.Arbitrary<V[F]> }) =>
  fc.record(fields).map((value) => ({ kind, ...value }));

/** One step of a random program: at most one block. */
export const steps = fc.oneof(
  { weight: 2, arbitrary: action('price', { dollars: fc.bigInt(1_000n, 3_000n) }) },
  { weight: 8, arbitrary: action('write', { of, backing, buyer: who, amount, cash }) },
  { weight: 6, arbitrary: action('exercise', { pick, quarters }) },
  { weight: 3, arbitrary: action('close', { pick, quarters, cash }) },
  { weight: 14, arbitrary: action('decide', { pick, abort }) },
  {
    weight: 4,
    arbitrary: action('transfer', { chain, from: who, to: who, asset: assets, amount, tip: fc.bigInt(0n, 3n) }),
  },
  { weight: 3, arbitrary: action('hand', { pick, to: who, quarters }) },
  { weight: 1, arbitrary: action('pool', { chain, from: fc.constantFrom(OPERATOR, BOB), amount, out: fc.boolean() }) },
  { weight: 2, arbitrary: action('wait', { ms: fc.oneof(fc.nat(2_000), fc.nat(15_000)) }) },
  { weight: 1, arbitrary: action('expire', { past: fc.constantFrom(0, 0, 20_000, 70_000) }) },
  { weight: 1, arbitrary: action('pause', { chain, paused: fc.nat(3).map((n) => n === 0) }) },
);
type Step = typeof steps extends fc.Arbitrary<infer S> ? S : never;

/** Runs random steps as an honest sequencer would: every decision is one that the protocol allows. */
export class Program {
  private readonly undecided: Prepared[] = [];
  private readonly nonces = new Map<string, number>();
  private round = 0n;
  private sent = 0;
  /** Transactions that were reverted, by their number in the program. */
  readonly reverted = new Set<number>();

  /** @param leftOut transactions that are not sent, by their number in the program; their blocks are empty */
  constructor(
    readonly network: Network,
    private readonly leftOut: ReadonlySet<number> = new Set(),
  ) {}

  run(step: Step): void {
    const { network } = this;
    switch (step.kind) {
      case 'price':
        network.block([network.price((this.round += 1n), step.dollars * ONE_USD)]);
        break;
      case 'write': {
        const writer = step.backing === POOL ? OPERATOR : step.backing;
        const over = { writer, backer: step.backing, buyer: step.buyer, premium: step.cash };
        this.prepare(network.writeIntent(step.of, step.amount, over));
        break;
      }
      case 'exercise':
      case 'close': {
        const long = this.longAt(step.pick, step.quarters);
        if (!long) break;
        const { of, quantity, holder, backer } = long;
        if (step.kind === 'exercise') this.prepare(network.exerciseIntent(of, quantity, { holder, backer }));
        else this.prepare(network.closeIntent(of, quantity, { holder, backer, payment: step.cash }));
        break;
      }
      case 'decide':
        if (this.undecided.length > 0) {
          const [prepared] = this.undecided.splice(step.pick % this.undecided.length, 1);
          network.block([this.decisionOn(prepared!, step.abort)]);
        }
        break;
      case 'transfer':
        this.send(step.chain, step.from, calldata('transfer', step.asset, step.to, step.amount), step.tip);
        break;
      case 'hand': {
        const long = this.longAt(step.pick, step.quarters);
        if (!long) break;
        const data = calldata('transferOption', seriesId(long.of), long.backer, step.to, long.quantity);
        this.send(long.of.positionChainId, long.holder, data);
        break;
      }
      case 'pool':
        this.send(step.chain, step.from, calldata(step.out ? 'poolWithdraw' : 'poolDeposit', POOL, USD, step.amount));
        break;
      case 'wait':
        network.block([], network.timestampMs + step.ms);
        break;
      case 'expire':
        network.block([], Math.max(network.timestampMs, EXPIRY_MS + step.past));
        break;
      case 'pause':
        network.block([network.change(RegistryAction.SET_ROLLUP_PAUSED, { chainId: step.chain, value: step.paused })]);
        break;
    }
  }

  /** Decides what is undecided. */
  settle(): void {
    for (const prepared of this.undecided.splice(0)) this.network.block([this.decisionOn(prepared, false)]);
  }

  /** One of the long positions there are, and a part of it. */
  private longAt(pick: number, quarters: bigint) {
    const longs = [...this.network.ledgers.values()].flatMap((ledger) => [...ledger.positions()]);
    const row = longs[pick % longs.length];
    const of = row && PROGRAM_TERMS.find((one) => hexOf(seriesId(one)) === hexOf(row.series));
    return of && { of, holder: row.holder, backer: row.backer, quantity: (row.available * quarters) / 4n };
  }

  private prepare(intent: Intent): void {
    this.undecided.push(this.network.prepare(intent));
  }

  private decisionOn(prepared: Prepared, wantsAbort: boolean): Draft {
    const { network } = this;
    const no = prepared.votes.find(({ yes }) => !yes);
    const late = network.timestampMs > prepared.prepare.deadlineMs;
    if (late) return network.decision(prepared, Outcome.abort, Reason.expired);
    if (no) return network.decision(prepared, Outcome.abort, no.reason);
    return wantsAbort
      ? network.decision(prepared, Outcome.abort, Reason.operator_abort)
      : network.decision(prepared, Outcome.commit, Reason.none);
  }

  private send(chainId: number, from: Uint8Array, data: `0x${string}`, tip = 0n): void {
    const number = this.sent++;
    if (this.leftOut.has(number)) return void this.network.block();
    const key = `${chainId} ${from.join('.')}`;
    const nonce = this.nonces.get(key) ?? 0;
    this.nonces.set(key, nonce + 1);
    const results = this.network.block([transaction({ chainId, from, nonce, data, tip })]);
    if (results.get(chainId)!.receipts.some(({ status }) => status === 'reverted')) this.reverted.add(number);
  }
}
