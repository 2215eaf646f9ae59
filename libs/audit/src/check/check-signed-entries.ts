import { PriceBook } from '#libs/options';
import {
  applyRegistryChange,
  bytesToHex,
  commitmentDigest,
  entryBody,
  equalBytes,
  findMarket,
  findRollup,
  Price,
  RegistryChange,
  Restore,
  restoreFault,
  SignedPrice,
  SignedRegistryChange,
  SignedRestore,
  SignedStateRoot,
  StateRoot,
} from '#libs/protocol';
import type { AuditedBlock, AuditedEntry } from '../source/audit-source.js';
import type { AuditState } from './audit-state.js';

/** What a state root in the log says, to be compared with re-execution. */
export interface StatedRoot {
  chainId: number;
  root: Uint8Array;
  /** Where it is stated. */
  block: number;
  entry: AuditedEntry;
}

/** Prices, registry changes and restores (I8, I11), state roots (I15, I32): what carries an author's signature. */
export class SignedEntriesCheck {
  readonly prices = new PriceBook();
  /** By the height that they speak of. */
  readonly statedRoots = new Map<number, StatedRoot[]>();

  constructor(private readonly state: AuditState) {}

  price(block: AuditedBlock, entry: AuditedEntry): void {
    const { problems, registry } = this.state;
    const { price, signature } = SignedPrice.deserialize(entryBody(entry.bytes));
    const market = findMarket(registry, price.underlying, price.quote);
    if (
      this.state.audits &&
      (!market || !this.isSigned('price', Price.hashTreeRoot(price), signature, market.priceKey))
    ) {
      const message = `price ${entry.sequence} of round ${price.round} is not signed by its market's price key`;
      problems.add('I8 PRICE_SIGNATURE', block.number, message, entry);
    }
    const fault = this.prices.check(price, registry);
    if (fault) problems.add('I8 PRICE', block.number, `price ${entry.sequence}: ${fault.message}`, entry);
    else this.prices.apply(price, block.header.timestamp, registry);
  }

  registryChange(block: AuditedBlock, entry: AuditedEntry): void {
    const { problems, registry } = this.state;
    const { change, signature } = SignedRegistryChange.deserialize(entryBody(entry.bytes));
    if (!this.isSigned('registry', RegistryChange.hashTreeRoot(change), signature, registry.registryKey)) {
      const message = `registry change ${entry.sequence} is not signed by the registry key`;
      problems.add('I8 REGISTRY_SIGNATURE', block.number, message, entry);
      return;
    }
    try {
      this.state.nextRegistry = applyRegistryChange(this.state.nextRegistry, change, block.header.timestamp);
    } catch (error) {
      const message = `registry change ${entry.sequence}: ${(error as Error).message}`;
      problems.add('I8 REGISTRY_CHANGE', block.number, message, entry);
    }
  }

  restore(block: AuditedBlock, entry: AuditedEntry): void {
    const { problems, registry } = this.state;
    const { restore, signature } = SignedRestore.deserialize(entryBody(entry.bytes));
    const isSigned = this.isSigned('restore', Restore.hashTreeRoot(restore), signature, registry.registryKey);
    const fault = restoreFault(restore, block.header) ?? (isSigned ? null : 'the registry key did not sign it');
    if (fault) problems.add('I11 RESTORE', block.number, `restore ${entry.sequence}: ${fault}`, entry);
  }

  stateRoot(block: AuditedBlock, entry: AuditedEntry): void {
    const { problems, logId } = this.state;
    const { stateRoot, signature } = SignedStateRoot.deserialize(entryBody(entry.bytes));
    const { chainId, number, root } = stateRoot;
    if (!this.state.audits) return;
    const add = (rule: `I${number} ${string}`, what: string): void =>
      problems.add(rule, block.number, `state root ${entry.sequence} ${what}`, entry);
    if (chainId !== entry.lane) add('I32 ROOT_LANE', `of ${chainId} stands in lane ${entry.lane}`);
    if (!equalBytes(stateRoot.logId, logId)) add('I32 ROOT_LOG', 'is of another log');
    if (number >= block.number) {
      add('I15 ROOT_HEIGHT', `speaks of block ${number}, which was yet to come`);
      return;
    }
    const hash = this.state.hashOf(number);
    if (hash && !equalBytes(hash, stateRoot.blockHash)) {
      add('I15 ROOT_BLOCK', `names block ${bytesToHex(stateRoot.blockHash)} at height ${number}`);
    }
    const rollup = findRollup(this.state.registryAt(number), chainId);
    const keys = rollup ? [rollup.votingKey, ...rollup.replicaKeys] : [];
    const digest = StateRoot.hashTreeRoot(stateRoot);
    if (!keys.some((key) => this.isSigned('root', digest, signature, key))) {
      add('I32 ROOT_KEY', `is not signed by a key of rollup ${chainId}`);
    }
    const stated = this.statedRoots.get(number) ?? [];
    this.statedRoots.set(number, stated);
    stated.push({ chainId, root, block: block.number, entry });
  }

  private isSigned(
    kind: 'price' | 'registry' | 'restore' | 'root',
    root: Uint8Array,
    signature: Uint8Array,
    key: Uint8Array,
  ): boolean {
    const signer = this.state.recover(commitmentDigest(this.state.logId, kind, root), signature);
    return signer !== null && equalBytes(signer, key);
  }
}
