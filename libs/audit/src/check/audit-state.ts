import type { RecoverAddress } from '#libs/atomic-commit';
import { type Genesis, logId, type Registry } from '#libs/protocol';
import type { Problems } from '../run/problem.js';

/** Hashes of blocks that are remembered, for state roots that name them. */
const HASHES_MAX = 65_536;

/** What all checks know of the log so far. */
export class AuditState {
  readonly logId: Uint8Array;
  /** In force in the block that is looked at. */
  registry: Registry;
  /** In force in the next one. */
  nextRegistry: Registry;
  /** Whether the block that is looked at is audited, or only read for what follows from it. */
  audits = true;
  private readonly timeline: { from: number; registry: Registry }[] = [];
  private readonly hashes = new Map<number, Uint8Array>();

  constructor(
    readonly genesis: Genesis,
    readonly problems: Problems,
    readonly recover: RecoverAddress,
    /** The first block that is audited. */
    readonly from: number,
  ) {
    this.logId = logId(genesis);
    this.registry = this.nextRegistry = genesis.registry;
    this.timeline.push({ from: 0, registry: genesis.registry });
  }

  /** A block begins: what earlier ones said is in force. */
  begin(number: number, hash: Uint8Array): void {
    if (this.nextRegistry !== this.registry) {
      this.registry = this.nextRegistry;
      this.timeline.push({ from: number, registry: this.registry });
    }
    this.audits = number >= this.from;
    this.hashes.set(number, hash);
    if (this.hashes.size > HASHES_MAX) this.hashes.delete(this.hashes.keys().next().value!);
  }

  /** The hash of a block, recomputed; undefined of one that came too long ago, or is yet to come. */
  hashOf(number: number): Uint8Array | undefined {
    return number === 0 ? this.logId : this.hashes.get(number);
  }

  /** The registry in force in a block, as far as the log has been read. */
  registryAt(number: number): Registry {
    return this.timeline.findLast(({ from }) => from <= number)?.registry ?? this.genesis.registry;
  }
}
