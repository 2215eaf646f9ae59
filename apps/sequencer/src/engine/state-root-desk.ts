import type { RecoverAddress } from '#libs/atomic-commit';
import type { NewEntry } from '#libs/ordering';
import {
  bytesToHex,
  commitmentDigest,
  encodeEntry,
  EntryKind,
  entryId,
  equalBytes,
  findRollup,
  type Registry,
  SignedStateRoot,
  StateRoot,
} from '#libs/protocol';

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

/**
 * Takes state roots and keeps the newest of each key for the next block; they never cut one. Compares the roots of a
 * rollup's executor and replicas height by height.
 */
export class StateRootDesk {
  private readonly waiting = new Map<string, NewEntry>();
  private readonly newest = new Map<string, number>();
  private readonly byHeight = new Map<number, Map<number, KeyedRoot[]>>();

  constructor(
    private readonly logId: Uint8Array,
    private readonly recover: RecoverAddress,
    private readonly onDiffering: (differing: DifferingRoots) => void,
  ) {}

  /** @param bytes SSZ of a `SignedStateRoot`. Returns why it was refused, or null. */
  receive(bytes: Uint8Array, registry: Registry, head: number): string | null {
    const signed = SignedStateRoot.deserialize(bytes);
    const { stateRoot, signature } = signed;
    const rollup = findRollup(registry, stateRoot.chainId);
    if (!rollup || !equalBytes(stateRoot.logId, this.logId) || stateRoot.number > head) return 'foreign';
    const signer = this.recover(commitmentDigest(this.logId, 'root', StateRoot.hashTreeRoot(stateRoot)), signature);
    if (!signer || ![rollup.votingKey, ...rollup.replicaKeys].some((key) => equalBytes(key, signer)))
      return 'wrong_key';
    const key = `${stateRoot.chainId}:${bytesToHex(signer)}`;
    this.compare(signed, key);
    if (stateRoot.number <= (this.newest.get(key) ?? 0)) return null;
    this.newest.set(key, stateRoot.number);
    const entry = encodeEntry(EntryKind.STATE_ROOT, bytes);
    this.waiting.set(key, {
      kind: EntryKind.STATE_ROOT,
      lane: stateRoot.chainId,
      id: entryId(entry),
      sender: null,
      nonce: null,
      bytes: entry,
    });
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
    if (first) this.onDiffering({ chainId, number, isSameKey: own.length > 0, first: first.signed, second: signed });
    if (known.length < ROOTS_MAX) known.push({ key, signed });
  }
}
