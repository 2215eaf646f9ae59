import { voteDigest } from '#libs/atomic-commit';
import {
  type Asset,
  commitmentDigest,
  Decision,
  encodeEntry,
  EntryKind,
  entryBody,
  entryId,
  type Genesis,
  type Hex,
  type Intent,
  intentDigest,
  type LogEntry,
  logId as logIdOf,
  NO_SENDER,
  OperationKind,
  Outcome,
  Prepare,
  Price,
  Reason,
  type RegistryAction,
  RegistryChange,
  seriesId,
  type SeriesTerms,
  SignedPrice,
  SignedRegistryChange,
  type SignedVote,
  type Vote,
} from '#libs/protocol';
import {
  type BlockResult,
  Ledger,
  type LedgerBlock,
  type Plan,
  planOperation,
  PriceBook,
  requiredSigners,
  type VoteDraft,
} from '../index.js';

/** A made-up address that is easy to tell from others: `n` in every byte. */
export const address = (n: number): Uint8Array => new Uint8Array(20).fill(n);

/** The four rollups of the test network, one for each role. */
export const CHAINS = { position: 101, exposure: 102, collateral: 103, settlement: 104 } as const;
export const CHAIN_IDS = Object.values(CHAINS);

export const ETH = address(0xe0);
export const USD = address(0xd0);
export const POOL = address(0xb0);
export const OPERATOR = address(0xb1);
export const FEES = address(0xfe);
export const PRICE_KEY = address(0xc0);
export const REGISTRY_KEY = address(0xc1);
export const [ALICE, BOB, CAROL] = [address(0xa1), address(0xa2), address(0xa3)];
export const OWNERS = [ALICE, BOB, CAROL, POOL, OPERATOR];
export const votingKey = (chainId: number): Uint8Array => address(chainId);

export const START_MS = 1_000_000;
export const EXPIRY_MS = 2_000_000;
export const WINDOW_MS = 50_000;
export const PREPARE_MS_MAX = 10_000;
/** One whole ETH and one whole USD in base units. */
export const ONE_ETH = 10n ** 18n;
export const ONE_USD = 10n ** 6n;
export const FUNDS = 1_000_000n;

const name = (value: string): Uint8Array => new TextEncoder().encode(value);

export function terms(over: Partial<SeriesTerms> = {}): SeriesTerms {
  const isEuropean = over.isEuropean ?? false;
  return {
    underlying: ETH,
    quote: USD,
    strike: 2_000n * ONE_USD,
    expiryMs: EXPIRY_MS,
    exerciseWindowMs: isEuropean ? WINDOW_MS : 0,
    isPut: false,
    isEuropean,
    isPhysical: false,
    positionChainId: CHAINS.position,
    exposureChainId: CHAINS.exposure,
    collateralChainId: CHAINS.collateral,
    settlementChainId: CHAINS.settlement,
    ...over,
  };
}

/** Call and put, American and European, cash and physical: eight series. */
export const ALL_TERMS: SeriesTerms[] = [false, true].flatMap((isPut) =>
  [false, true].flatMap((isEuropean) => [false, true].map((isPhysical) => terms({ isPut, isEuropean, isPhysical }))),
);

export function makeGenesis(series: SeriesTerms[] = ALL_TERMS, chainIds: readonly number[] = CHAIN_IDS): Genesis {
  const assets: Asset[] = [
    { address: ETH, symbol: name('ETH'), decimals: 18 },
    { address: USD, symbol: name('USD'), decimals: 6 },
  ];
  return {
    version: 1,
    registry: {
      protocolVersion: 1,
      changeCount: 0,
      registryKey: REGISTRY_KEY,
      sequencerKeys: [address(0x5e)],
      rollups: chainIds.map((chainId) => ({
        chainId,
        name: name(`rollup ${chainId}`),
        votingKey: votingKey(chainId),
        replicaKeys: [],
        paused: false,
        quarantined: false,
      })),
      assets,
      pools: [{ address: POOL, operator: OPERATOR, name: name('pool') }],
      markets: [{ underlying: ETH, quote: USD, priceKey: PRICE_KEY }],
      series: series.map((of) => ({ terms: of, delisted: false })),
    },
    balances: chainIds.flatMap((chainId) =>
      OWNERS.flatMap((owner) => [
        { chainId, owner, asset: ETH, amount: FUNDS * ONE_ETH },
        { chainId, owner, asset: USD, amount: FUNDS * 1_000n * ONE_USD },
      ]),
    ),
    nativeAsset: ETH,
    feeAccount: FEES,
    prepareMsMax: PREPARE_MS_MAX,
    randomness: new Uint8Array(32).fill(7),
    startTimeMs: START_MS,
  };
}

/** A stub signature that names its signer and what was signed; {@link stubRecover} takes no other. */
export function stubSign(signer: Uint8Array, digest: Uint8Array): Uint8Array {
  const signature = new Uint8Array(65);
  signature.set(signer);
  signature.set(digest, 20);
  return signature;
}

export function stubRecover(digest: Uint8Array, signature: Uint8Array): Uint8Array | null {
  const signed = signature.subarray(20, 52);
  return signed.every((byte, index) => byte === digest[index]) ? signature.slice(0, 20) : null;
}

/** An entry on its way into a block. */
export interface Draft {
  /** Of a transaction or a state root: its rollup. */
  chainId?: number;
  sender?: Uint8Array;
  bytes: Uint8Array;
}

export interface Prepared {
  prepare: Prepare;
  prepareId: Uint8Array;
  blockHash: Uint8Array;
  /** What the rollups that take part voted. */
  votes: VoteDraft[];
}

/** A few ledgers that follow one log, with a sequencer that does as the test says. Every block is kept for replay. */
export class Network {
  readonly logId: Uint8Array;
  ledgers: Map<number, Ledger>;
  prices = new PriceBook();
  readonly blocks: { timestampMs: number; perChain: Map<number, LedgerBlock> }[] = [];
  timestampMs = START_MS;
  private number = 0;
  private sequence = 0n;
  private laneSequences = new Map<number, bigint>();
  private nextNonce = 0n;

  constructor(
    readonly genesis: Genesis = makeGenesis(),
    readonly recover = stubRecover,
  ) {
    this.logId = logIdOf(genesis);
    this.ledgers = this.freshLedgers();
  }

  freshLedgers(): Map<number, Ledger> {
    const { genesis, recover } = this;
    const chainIds = genesis.registry.rollups.map(({ chainId }) => chainId);
    return new Map(chainIds.map((chainId) => [chainId, Ledger.fromGenesis(genesis, chainId, { recover })]));
  }

  ledger(chainId: number): Ledger {
    return this.ledgers.get(chainId)!;
  }

  get registry() {
    return [...this.ledgers.values()][0]!.registry;
  }

  /** Makes the next block and applies it everywhere. `atMs` is its timestamp. */
  block(drafts: Draft[] = [], atMs = this.timestampMs): Map<number, BlockResult> {
    const built = this.build(drafts, atMs);
    const results = new Map<number, BlockResult>();
    for (const [chainId, ledger] of this.ledgers) results.set(chainId, ledger.applyBlock(built.get(chainId)!));
    return results;
  }

  /** Makes the next block without applying it. */
  build(drafts: Draft[], atMs: number): Map<number, LedgerBlock> {
    const { registry } = this;
    this.timestampMs = atMs;
    this.number += 1;
    const hash = this.hashOf(this.number);
    const firstSequence = this.sequence + 1n;
    const entries = drafts.map(({ bytes, sender = NO_SENDER, chainId = 0 }) => {
      this.sequence += 1n;
      this.laneSequences.set(chainId, (this.laneSequences.get(chainId) ?? 0n) + 1n);
      if (bytes[0] === Number(EntryKind.PRICE)) {
        const { price } = SignedPrice.deserialize(entryBody(bytes));
        if (!this.prices.check(price, registry)) this.prices.apply(price, atMs, registry);
      }
      return { chainId, entry: { sequence: this.sequence, sender, bytes } };
    });
    const perChain = new Map<number, LedgerBlock>();
    for (const chainId of this.ledgers.keys()) {
      perChain.set(chainId, {
        header: this.header(hash, atMs, firstSequence, entries.length),
        hash,
        entries: entries.filter((of) => of.chainId === 0 || of.chainId === chainId).map(({ entry }): LogEntry => entry),
        laneSequences: { own: this.laneSequences.get(chainId) ?? 0n, shared: this.laneSequences.get(0) ?? 0n },
      });
    }
    this.blocks.push({ timestampMs: atMs, perChain });
    return perChain;
  }

  private header(hash: Uint8Array, timestamp: number, firstSequence: bigint, entryCount: number) {
    return {
      version: 1,
      logId: this.logId,
      number: this.number,
      parentHash: hash,
      epoch: 1,
      timestamp,
      firstSequence,
      entryCount,
      lanesRoot: hash,
      registryRoot: hash,
      leader: address(0x5e),
    };
  }

  private hashOf(number: number): Uint8Array {
    return entryId(new TextEncoder().encode(`\x02block ${number}`));
  }

  price(round: bigint, price: bigint, over: Partial<Price> = {}, signer = PRICE_KEY): Draft {
    const value: Price = { underlying: ETH, quote: USD, round, price, observedAtMs: 0, ...over };
    const digest = commitmentDigest(this.logId, 'price', Price.hashTreeRoot(value));
    const signed = { price: value, signature: stubSign(signer, digest) };
    return { bytes: encodeEntry(EntryKind.PRICE, SignedPrice.serialize(signed)) };
  }

  change(selector: RegistryAction, value: unknown, nonce = this.registry.changeCount, signer = REGISTRY_KEY): Draft {
    const change = { nonce, action: { selector, value } } as RegistryChange;
    const digest = commitmentDigest(this.logId, 'registry', RegistryChange.hashTreeRoot(change));
    const signed = { change, signature: stubSign(signer, digest) };
    return { bytes: encodeEntry(EntryKind.REGISTRY_CHANGE, SignedRegistryChange.serialize(signed)) };
  }

  writeIntent(of: SeriesTerms, quantity: bigint, over: Record<string, unknown> = {}): Intent {
    const value = { series: seriesId(of), writer: ALICE, backer: ALICE, buyer: BOB, quantity, premium: 0n };
    return { selector: OperationKind.write, value: { ...value, ...this.common(), ...over } };
  }

  exerciseIntent(of: SeriesTerms, quantity: bigint, over: Record<string, unknown> = {}): Intent {
    const value = { series: seriesId(of), holder: BOB, backer: ALICE, quantity, minPriceRound: 0n };
    const maxPriceAgeMs = 2n ** 40n;
    return { selector: OperationKind.exercise, value: { ...value, maxPriceAgeMs, ...this.common(), ...over } };
  }

  closeIntent(of: SeriesTerms, quantity: bigint, over: Record<string, unknown> = {}): Intent {
    const value = { series: seriesId(of), holder: BOB, backer: ALICE, quantity, payment: 0n };
    return { selector: OperationKind.close, value: { ...value, ...this.common(), ...over } };
  }

  private common() {
    this.nextNonce += 1n;
    return { deadlineMs: 2n ** 50n, nonce: this.nextNonce };
  }

  plan(intent: Intent, atMs = this.timestampMs) {
    const { registry, prices } = this;
    return planOperation({ intent, registry, prices, timestampMs: atMs, prepareMsMax: PREPARE_MS_MAX });
  }

  /** PREPARE of an intent as an honest relay builds it, or changed by `over`. */
  prepareOf(intent: Intent, atMs: number, over: Partial<Prepare> = {}): Prepare {
    const plan = this.plan(intent, atMs);
    const series = this.registry.series.find(({ terms: of }) => sameBytes(seriesId(of), intent.value.series));
    const digest = intentDigest(this.logId, series?.terms.positionChainId ?? 0, intent);
    const signatures = requiredSigners(intent, this.registry).map((signer) => stubSign(signer, digest));
    const planned: Omit<Plan, 'ok'> = plan.ok
      ? plan
      : { participants: CHAIN_IDS, legs: [], priceRound: 0n, payout: 0n, deadlineMs: atMs + PREPARE_MS_MAX };
    const { participants, legs, priceRound, payout, deadlineMs } = planned;
    return { operationId: digest, intent, signatures, participants, legs, priceRound, payout, deadlineMs, ...over };
  }

  /** A block with PREPARE of an intent. */
  prepare(intent: Intent, { atMs = this.timestampMs, over = {} } = {}): Prepared {
    const prepare = this.prepareOf(intent, atMs, over);
    const bytes = encodeEntry(EntryKind.PREPARE, Prepare.serialize(prepare));
    const results = this.block([{ bytes }], atMs);
    const votes = [...results.values()].flatMap((result) => result.votes);
    return { prepare, prepareId: entryId(bytes), blockHash: this.hashOf(this.number), votes };
  }

  signVote(draft: VoteDraft, signer = votingKey(draft.chainId)): SignedVote {
    const vote: Vote = { logId: this.logId, stateRoot: new Uint8Array(32), ...draft };
    return { vote, signature: stubSign(signer, voteDigest(vote)) };
  }

  decision(
    { prepare, prepareId, votes }: Prepared,
    outcome: Outcome,
    reason: Reason,
    over: Partial<Decision> = {},
  ): Draft {
    const decision: Decision = {
      operationId: prepare.operationId,
      prepareId,
      outcome,
      reason,
      votes: votes.map((vote) => this.signVote(vote)),
      auditId: reason === Reason.operator_abort ? 1n : 0n,
      ...over,
    };
    return { bytes: encodeEntry(EntryKind.DECISION, Decision.serialize(decision)) };
  }

  commit(prepared: Prepared, atMs = this.timestampMs): Map<number, BlockResult> {
    return this.block([this.decision(prepared, Outcome.commit, Reason.none)], atMs);
  }

  abort(prepared: Prepared, reason = Reason.operator_abort, atMs = this.timestampMs): Map<number, BlockResult> {
    return this.block([this.decision(prepared, Outcome.abort, reason)], atMs);
  }

  /** Prepares and commits; fails when a rollup says no. */
  execute(intent: Intent, atMs = this.timestampMs): Prepared {
    const prepared = this.prepare(intent, { atMs });
    const no = prepared.votes.find(({ yes }) => !yes);
    if (no) throw new Error(`${no.chainId} says ${Reason[no.reason]}`);
    this.commit(prepared);
    return prepared;
  }

  /** Assets, longs and shorts of all rollups together. */
  sums(): { assets: Map<Hex, bigint>; longs: Map<Hex, bigint>; shorts: Map<Hex, bigint> } {
    const sums = { assets: new Map<Hex, bigint>(), longs: new Map<Hex, bigint>(), shorts: new Map<Hex, bigint>() };
    for (const ledger of this.ledgers.values()) {
      addAll(sums.assets, ledger.totals());
      addAll(sums.longs, ledger.longs());
      addAll(sums.shorts, ledger.shorts());
    }
    return sums;
  }

  roots(): Hex[] {
    return [...this.ledgers.values()].map((ledger) => hexOf(ledger.stateRoot()));
  }
}

export const hexOf = (bytes: Uint8Array): Hex => `0x${Buffer.from(bytes).toString('hex')}`;

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

function addAll(sums: Map<Hex, bigint>, more: Map<Hex, bigint>): void {
  for (const [key, amount] of more) sums.set(key, (sums.get(key) ?? 0n) + amount);
}
