import type { RecoverAddress } from '#libs/atomic-commit';
import {
  assertInvariant,
  equalBytes,
  type Genesis,
  type Header,
  type Hex,
  intrinsicGas,
  logId as logIdOf,
  Registry,
} from '#libs/protocol';
import { bytesKey } from '../bytes-key.js';
import { type Call, callGas } from '../market/execute-call.js';
import { type CallResult, simulateCall } from '../market/simulate-call.js';
import type { Prices } from '../planning/plan-types.js';
import { PriceBook } from '../planning/price-book.js';
import { indexRegistry } from '../registry-index.js';
import type { Holding } from '../state/holding-table.js';
import { balanceKey, LedgerState } from '../state/ledger-state.js';
import type { BalanceRow, CollateralRow, ExposureRow, OperationRow, PositionRow } from '../state/row-types.js';
import type { Row } from '../state/slot-table.js';
import { type StateHasher, StateTree, TABLE_NAMES } from '../state/state-tree.js';
import { applyEntries } from './apply-entries.js';
import type { BlockResult, LaneSequences, LedgerBlock } from './block-result.js';
import { advanceClock, type BlockScope, type LedgerScope } from './block-scope.js';
import { ClearingQueue } from './clearing-queue.js';
import { clearSeries, expireHolds } from './expire-and-clear.js';
import { creditGenesis } from './genesis-balances.js';
import { LedgerMeta, META_VERSION } from './ledger-meta.js';
import {
  LedgerLoadError,
  loadPrices,
  loadTables,
  readMeta,
  REGISTRY_TABLE,
  type StoredChange,
  type StoredRecord,
  takeTableChanges,
} from './stored-records.js';
import { assetTotals, seriesTotals } from './totals.js';

/** What a ledger needs from outside. */
export interface LedgerPorts {
  recover: RecoverAddress;
  /** Makes what keeps the state root; the SSZ tree where none is given. */
  stateHasher?: () => StateHasher;
}

/**
 * The options ledger of one rollup's executor (design, section 8): a pure function of genesis and the blocks applied,
 * whose state is advanced IN PLACE for speed. Snapshots are taken through {@link takeChanges}.
 *
 * Within a block (design, section 7.5): holds whose deadline lies before its timestamp are voided, series whose time has
 * come are cleared, then the entries are applied in ascending sequence. What an entry changes of the registry is in
 * force in the next block.
 *
 * After a LedgerHaltError or a broken invariant the state stands in the middle of a block: this ledger takes no further
 * call, load another one from the store.
 */
export class Ledger {
  private readonly state = new LedgerState();
  private readonly tree: StateTree;
  private readonly clearing: ClearingQueue;
  private readonly scope: LedgerScope & { readonly prices: PriceBook };
  private registryInForce: Registry;
  private registryStored = false;
  private lastNumber = 0;
  private lastHash: Uint8Array;
  private lastTimestampMs: number;
  private lastSequences: LaneSequences = { own: 0n, shared: 0n };
  private broken = false;

  private constructor(
    genesis: Genesis,
    readonly chainId: number,
    { recover, stateHasher }: LedgerPorts,
  ) {
    const logId = logIdOf(genesis);
    this.scope = { genesis, logId, chainId, recover, state: this.state, prices: new PriceBook() };
    this.tree = new StateTree(this.state, stateHasher?.());
    this.clearing = new ClearingQueue(genesis.prepareMsMax);
    this.registryInForce = genesis.registry;
    this.lastHash = logId;
    this.lastTimestampMs = genesis.startTimeMs;
  }

  /** The ledger before block 1. @throws LedgerGenesisError */
  static fromGenesis(genesis: Genesis, chainId: number, ports: LedgerPorts): Ledger {
    const ledger = new Ledger(genesis, chainId, ports);
    creditGenesis(ledger.state, genesis, chainId);
    return ledger;
  }

  /**
   * A ledger as it was stored; it behaves and roots like the one that stored it.
   * @param meta the newest {@link meta}
   * @param records what {@link takeChanges} gave, the newest of each slot, deleted ones left out; in any order
   * @throws LedgerLoadError
   */
  static load(
    genesis: Genesis,
    chainId: number,
    ports: LedgerPorts,
    meta: Uint8Array,
    records: Iterable<StoredRecord>,
  ): Ledger {
    const ledger = new Ledger(genesis, chainId, ports);
    const stored = readMeta(meta);
    if (stored.chainId !== chainId || !equalBytes(stored.logId, ledger.logId)) {
      throw new LedgerLoadError(
        { code: 'LEDGER_STORE_FOREIGN' },
        `The store holds chain ${stored.chainId} of another log or rollup.`,
        'Use another data directory, or delete this one and replay the log.',
      );
    }
    const registry = loadTables(ledger.state, stored, records);
    if (!registry) throw new LedgerLoadError({ code: 'LEDGER_STORE_BROKEN' }, 'The store holds no registry.');
    loadPrices(ledger.scope.prices, ledger.state);
    ledger.registryInForce = registry;
    ledger.registryStored = true;
    ledger.lastNumber = stored.number;
    ledger.lastHash = stored.blockHash;
    ledger.lastTimestampMs = stored.timestampMs;
    ledger.lastSequences = { own: stored.ownSequence, shared: stored.sharedSequence };
    return ledger;
  }

  get logId(): Uint8Array {
    return this.scope.logId;
  }
  /** Number of the last block applied; 0 before the first. */
  get number(): number {
    return this.lastNumber;
  }
  /** Its hash; the log id before the first. */
  get blockHash(): Uint8Array {
    return this.lastHash;
  }
  /** Its timestamp, log time in ms; genesis' start time before the first. */
  get timestampMs(): number {
    return this.lastTimestampMs;
  }
  get laneSequences(): LaneSequences {
    return this.lastSequences;
  }
  /** The registry in force in the next block. */
  get registry(): Registry {
    return this.registryInForce;
  }
  get prices(): Prices {
    return this.scope.prices;
  }

  /**
   * Applies the next block.
   * @throws LedgerHaltError when the log breaks a rule that no executor may pass over
   */
  applyBlock({ header, hash, entries, laneSequences }: LedgerBlock): BlockResult {
    this.requireNext(header);
    // Set until the block is through, so that nothing goes on from the middle of one.
    this.broken = true;
    const result: BlockResult = { receipts: [], votes: [], operationEvents: [], changed: false };
    const registry = this.registryInForce;
    const { number, timestamp: timestampMs } = header;
    const { genesis, logId, chainId, recover, state, prices } = this.scope;
    // Field by field: a spread makes V8 change the object's shape eight times.
    const block: BlockScope = {
      genesis,
      logId,
      chainId,
      recover,
      state,
      prices,
      number,
      hash,
      timestampMs,
      registry,
      index: indexRegistry(registry),
      laneSequences,
      result,
      nextRegistry: registry,
    };
    advanceClock(this.state, this.chainId, laneSequences.own);
    expireHolds(block);
    clearSeries(block, this.clearing.takeDue(registry, this.lastTimestampMs, timestampMs));
    const applied = applyEntries(block, entries, header.firstSequence);

    if (block.nextRegistry !== registry) {
      this.registryInForce = block.nextRegistry;
      this.registryStored = false;
    }
    this.lastNumber = number;
    this.lastHash = new Uint8Array(hash);
    this.lastTimestampMs = timestampMs;
    this.lastSequences = { ...laneSequences };
    result.changed ||= applied > 0 || result.operationEvents.length > 0;
    this.broken = false;
    return result;
  }

  /** The state root after the last block, 32 bytes. Costs what changed since it was last asked for. */
  stateRoot(): Uint8Array {
    this.requireWhole();
    return this.tree.root();
  }

  /** Slots that changed since the last call, to be written together with {@link meta}; the first call gives all. */
  takeChanges(): StoredChange[] {
    this.requireWhole();
    const changes = takeTableChanges(this.state);
    if (this.registryStored) return changes;
    this.registryStored = true;
    return [...changes, { table: REGISTRY_TABLE, slot: 0, bytes: Registry.serialize(this.registryInForce) }];
  }

  /** What else {@link load} needs, as bytes. */
  meta(): Uint8Array {
    this.requireWhole();
    return LedgerMeta.serialize({
      version: META_VERSION,
      logId: this.logId,
      chainId: this.chainId,
      number: this.lastNumber,
      blockHash: this.lastHash,
      timestampMs: this.lastTimestampMs,
      ownSequence: this.lastSequences.own,
      sharedSequence: this.lastSequences.shared,
      lengths: TABLE_NAMES.map((name) => this.state.table(name).length),
    });
  }

  /** Runs a call on the state after the last block without changing it: `eth_call`. */
  call(from: Uint8Array, to: Uint8Array | null, data: Uint8Array, value = 0n): CallResult {
    return this.simulate({ from, to, value, data });
  }

  /** Gas that a transaction spends, or why it would be reverted: `eth_estimateGas`. */
  estimateGas(call: Call): { ok: true; gas: bigint } | { ok: false; reason: string; data: Uint8Array } {
    const result = this.simulate(call);
    if (!result.ok) return result;
    return {
      ok: true,
      gas: intrinsicGas({ ...call, accessListAddresses: 0, accessListStorageKeys: 0 }) + callGas(call),
    };
  }

  /** What an owner has of an asset, base units. */
  balanceOf(owner: Uint8Array, asset: Uint8Array): Holding {
    const row = this.state.balances.get(balanceKey(owner, asset));
    return { available: row?.available ?? 0n, held: row?.held ?? 0n };
  }

  /** The nonce that an account's next transaction has to carry. */
  nonceOf(address: Uint8Array): bigint {
    return this.state.nonces.get(bytesKey(address))?.nonce ?? 0n;
  }

  // Rows in ascending slots, for reads and checkers; not to be changed.
  balances(): Iterable<Readonly<Row<BalanceRow>>> {
    return this.state.balances;
  }
  positions(): Iterable<Readonly<Row<PositionRow>>> {
    return this.state.positions;
  }
  exposures(): Iterable<Readonly<Row<ExposureRow>>> {
    return this.state.exposures;
  }
  collateral(): Iterable<Readonly<Row<CollateralRow>>> {
    return this.state.collateral;
  }
  /** Undecided operations, those without a part of this rollup included. */
  operations(): Iterable<Readonly<Row<OperationRow>>> {
    return this.state.operations;
  }

  /** All of each asset on this rollup: available, held and locked, by the asset's address in hex. */
  totals(): Map<Hex, bigint> {
    return assetTotals(this.state);
  }
  /** Long quantity of each series on this rollup, held included, by its id in hex. */
  longs(): Map<Hex, bigint> {
    return seriesTotals(this.state.positions);
  }
  /** Exposure of each series on this rollup, likewise. */
  shorts(): Map<Hex, bigint> {
    return seriesTotals(this.state.exposures);
  }

  private simulate(call: Call): CallResult {
    this.requireWhole();
    const { state, scope } = this;
    const context = { state, index: indexRegistry(this.registryInForce), prices: scope.prices };
    return simulateCall(context, scope.genesis.nativeAsset, call);
  }

  private requireNext({ number, timestamp }: Header): void {
    this.requireWhole();
    const { lastNumber, lastTimestampMs } = this;
    assertInvariant(number === lastNumber + 1, () => `I12: block ${number} follows block ${lastNumber}`);
    assertInvariant(timestamp >= lastTimestampMs, () => `I7: log time ${timestamp} is not before ${lastTimestampMs}`);
  }

  private requireWhole(): void {
    assertInvariant(!this.broken, 'I15: a ledger that stopped in the middle of a block is not used any more');
  }
}
