import type { RecoverAddress } from '#libs/atomic-commit';
import type { NewEntry } from '#libs/ordering';
import {
  bytesToHex,
  commitmentDigest,
  encodeEntry,
  EntryKind,
  entryId,
  equalBytes,
  SignedStateRoot,
  StateRoot,
} from '#libs/protocol';
import type { RollupKeys } from './rollup-keys.js';

/** Heights for which roots of a rollup are compared. */
const HEIGHTS_MAX = 256;
/** Roots that are kept of one height. */
const ROOTS_MAX = 16;

interface KeyedRoot {
  key: string;
  signed: SignedStateRoot;
}

/** Keys of one rollup said different roots of one height. */
export interface DifferingRoots {
  chainId: number;
  number: number;
  /** One and the same key signed both. */
  isSameKey: boolean;
  first: SignedStateRoot;
  second: SignedStateRoot;
}

export interface StateRootDeskModules {
  logId: Uint8Array;
  recover: RecoverAddress;
  /** Whether an entry with this id is in the log. */
  isInLog: (id: Uint8Array) => Promise<boolean>;
  onDiffering: (differing: DifferingRoots) => void;
}

/**
 * Takes state roots and keeps the newest of each key for the next block; they never cut one. Compares the roots of a
 * rollup's executor and replicas height by height.
 */
export class StateRootDesk {
  private readonly waiting = new Map<string, NewEntry>();
  private readonly newest = new Map<string, number>();
  private readonly byHeight = new Map<number, Map<number, KeyedRoot[]>>();

  private terms = 0;

  constructor(private readonly modules: StateRootDeskModules) {}

  /**
   * A term begins and the log has been read: what waits may have been placed, in a block whose outcome was unknown or by
   * another leader. The log takes no entry twice, so the block that tried would end the term, and so on for ever.
   */
  async begin(): Promise<void> {
    this.terms += 1;
    for (const [key, { id }] of this.waiting) if (await this.modules.isInLog(id)) this.waiting.delete(key);
  }

  /**
   * @param bytes SSZ of a `SignedStateRoot`
   * @param keys a root counts under a key that its rollup had in the block of which it speaks (I32)
   * @returns why it was refused, or null
   */
  receive(bytes: Uint8Array, keys: RollupKeys, head: number): string | null {
    const signed = SignedStateRoot.deserialize(bytes);
    const { stateRoot, signature } = signed;
    const inForce = keys.at(stateRoot.chainId, stateRoot.number);
    if (!inForce || !equalBytes(stateRoot.logId, this.modules.logId) || stateRoot.number > head) return 'foreign';
    const signer = this.modules.recover(
      commitmentDigest(this.modules.logId, 'root', StateRoot.hashTreeRoot(stateRoot)),
      signature,
    );
    if (!signer || !inForce.some((key) => equalBytes(key, signer))) return 'wrong_key';
    const key = `${stateRoot.chainId}:${bytesToHex(signer)}`;
    this.compare(signed, key);
    if (stateRoot.number <= (this.newest.get(key) ?? 0)) return null;
    this.newest.set(key, stateRoot.number);
    void this.offer(key, stateRoot, encodeEntry(EntryKind.STATE_ROOT, bytes));
    return null;
  }

  /** What waits for the next block; gone from here once {@link placed}. */
  entries(): NewEntry[] {
    return [...this.waiting.values()];
  }

  /** These are durable. */
  placed(entries: readonly NewEntry[]): void {
    for (const [key, waiting] of this.waiting) {
      if (entries.some(({ id }) => equalBytes(id, waiting.id))) this.waiting.delete(key);
    }
  }

  /** An executor that was started again says once more what an earlier leader has placed. */
  private async offer(key: string, { chainId, number }: StateRoot, bytes: Uint8Array): Promise<void> {
    const id = entryId(bytes);
    let term: number;
    do {
      term = this.terms;
      // What cannot be looked up is left out: roots are evidence, and the next one comes.
      if (await this.modules.isInLog(id).catch(() => true)) return;
    } while (term !== this.terms);
    if (this.newest.get(key) !== number) return;
    this.waiting.set(key, { kind: EntryKind.STATE_ROOT, lane: chainId, id, sender: null, nonce: null, bytes });
  }

  private compare(signed: SignedStateRoot, key: string): void {
    const { chainId, number, root } = signed.stateRoot;
    const heights = this.byHeight.get(chainId) ?? new Map<number, KeyedRoot[]>();
    this.byHeight.set(chainId, heights);
    const known = heights.get(number) ?? [];
    heights.set(number, known);
    if (heights.size > HEIGHTS_MAX) heights.delete(heights.keys().next().value ?? number);
    const own = known.filter((one) => one.key === key);
    const isRepeated = own.some((one) => equalBytes(one.signed.stateRoot.root, root));
    if (isRepeated) return;
    const differs = (one: KeyedRoot): boolean => !equalBytes(one.signed.stateRoot.root, root);
    const first = own.find(differs) ?? known.find(differs);
    if (first)
      this.modules.onDiffering({ chainId, number, isSameKey: own.length > 0, first: first.signed, second: signed });
    if (known.length < ROOTS_MAX) known.push({ key, signed });
  }
}
