import { bytesToHex, EntryKind, entryId, type Hex } from '#libs/protocol';
import type { AuditedEntry } from '../source/audit-source.js';

/** Something in the log, or in the tables beside it, that must not be. */
export interface Problem {
  /** Its number in the list of invariants, as in `I2`. */
  invariant: string;
  /** Stable name of what is wrong. */
  code: string;
  block: number;
  /** Global sequence of the entry concerned. */
  sequence?: bigint;
  message: string;
  /** The entry concerned. */
  entry?: { kind: string; lane: number; id: Hex };
}

/** Problems kept with all they say; beyond, they are counted by code. */
const PROBLEMS_KEPT_MAX = 1_000;

/** Collects problems of the blocks that are audited; those of blocks that are only read are dropped. */
export class Problems {
  readonly kept: Problem[] = [];
  /** All problems, by invariant and code. */
  readonly counts = new Map<string, number>();

  /** @param from the first block that is audited */
  constructor(private readonly from: number) {}

  get total(): number {
    let total = 0;
    for (const count of this.counts.values()) total += count;
    return total;
  }

  /** @param rule invariant and code, as in `I2 BLOCK_HASH` */
  add(rule: `I${number} ${string}`, block: number, message: string, entry?: AuditedEntry): void {
    // Genesis is what everything follows from, wherever the audit begins.
    if (block > 0 && block < this.from) return;
    this.counts.set(rule, (this.counts.get(rule) ?? 0) + 1);
    if (this.kept.length >= PROBLEMS_KEPT_MAX) return;
    const [invariant, code] = rule.split(' ') as [string, string];
    this.kept.push({ invariant, code, block, message, ...(entry ? shown(entry) : {}) });
  }

  /** By their place in the log. */
  sorted(): Problem[] {
    return this.kept.toSorted((a, b) => a.block - b.block || Number((a.sequence ?? 0n) - (b.sequence ?? 0n)));
  }
}

const shown = ({ sequence, lane, bytes }: AuditedEntry): Pick<Problem, 'sequence' | 'entry'> => ({
  sequence,
  entry: { kind: EntryKind[bytes[0] ?? 0] ?? `kind ${bytes[0]}`, lane, id: bytesToHex(entryId(bytes)) },
});
