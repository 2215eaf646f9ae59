import { equalBytes, type Registry } from '#libs/protocol';

/** Changes that are remembered of one rollup: roots come within seconds of their block. */
const CHANGES_MAX = 64;

interface KeysFrom {
  /** In force from this block on. */
  from: number;
  keys: readonly Uint8Array[];
}

/** The keys with which each rollup's executors sign state roots, by the block in which they were in force (I32). */
export class RollupKeys {
  private readonly byRollup = new Map<number, KeysFrom[]>();

  constructor(genesis: Registry) {
    this.changed(genesis, 0);
  }

  /**
   * The registry has changed.
   * @param from the block from which on it is in force
   */
  changed({ rollups }: Registry, from: number): void {
    for (const { chainId, votingKey, replicaKeys } of rollups) {
      const keys = [votingKey, ...replicaKeys];
      const known = this.byRollup.get(chainId) ?? [];
      this.byRollup.set(chainId, known);
      const last = known.at(-1);
      if (last && isSame(last.keys, keys)) continue;
      if (last?.from === from) known.pop();
      known.push({ from, keys });
      if (known.length > CHANGES_MAX) known.shift();
    }
  }

  /** The keys in force in a block: none where the rollup had none, or it is too long ago. Undefined for no rollup. */
  at(chainId: number, number: number): readonly Uint8Array[] | undefined {
    const known = this.byRollup.get(chainId);
    return known && (known.findLast(({ from }) => from <= number)?.keys ?? []);
  }
}

const isSame = (some: readonly Uint8Array[], others: readonly Uint8Array[]): boolean =>
  some.length === others.length && some.every((key, index) => equalBytes(key, others[index]!));
