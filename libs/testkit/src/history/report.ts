import { bytesToHex, EntryKind, entryId, type Hex } from '#libs/protocol';
import type { LoggedEntry } from '#libs/persistence';
import type { InvariantId } from './invariants.js';

/**
 * What a check found.
 * - `passed`: everything was looked at, and it held.
 * - `failed`: `violation` says where it did not.
 * - `nothing`: the history has nothing that this invariant speaks of.
 * - `incomplete`: what was looked at held, but not all could be looked at; `note` says why.
 */
export type InvariantStatus = 'passed' | 'failed' | 'nothing' | 'incomplete';

export interface InvariantReport {
  invariant: InvariantId;
  status: InvariantStatus;
  /** Nothing speaks against it: `passed` or `nothing`. Where evidence is wanted, ask for `status === 'passed'`. */
  ok: boolean;
  /** How many things were looked at, of the kind that `unit` names. */
  checked: number;
  unit: string;
  note?: string;
  violation?: Violation;
}

/** Where an invariant was first found broken. */
export interface Violation {
  message: string;
  blockNumber?: number;
  /** The log's entries concerned. */
  entries: EntryReference[];
  /** The follower, executor or client concerned. */
  party?: string;
}

export interface EntryReference {
  sequence: bigint;
  blockNumber: number;
  lane: number;
  kind: string;
  id: Hex;
}

/** What a violation concerns. */
export interface Concerned {
  blockNumber?: number;
  entries?: readonly LoggedEntry[];
  party?: string;
}

/** Counts what a check looked at and keeps the first violation. */
export class Tally {
  checked = 0;
  violation: Violation | null = null;
  /** Why not all could be looked at. */
  incomplete: string | null = null;

  look(count = 1): void {
    this.checked += count;
  }

  fail(message: string, { blockNumber, entries = [], party }: Concerned = {}): void {
    if (this.violation) return;
    const number = blockNumber ?? entries[0]?.blockNumber;
    this.violation = {
      message,
      ...(number === undefined ? {} : { blockNumber: number }),
      entries: entries.map(referenceTo),
      ...(party === undefined ? {} : { party }),
    };
  }

  /** Looks at one thing; fails unless `held`. */
  expect(held: boolean, message: () => string, concerned?: Concerned): void {
    this.checked += 1;
    if (!held) this.fail(message(), concerned);
  }

  /** Adds what another tally of the same invariant found after this one. */
  add(other: Tally): this {
    this.checked += other.checked;
    this.violation ??= other.violation;
    this.incomplete ??= other.incomplete;
    return this;
  }

  report(invariant: InvariantId, unit: string): InvariantReport {
    const { checked, violation, incomplete } = this;
    const status = violation ? 'failed' : incomplete ? 'incomplete' : checked === 0 ? 'nothing' : 'passed';
    const ok = status === 'passed' || status === 'nothing';
    const note = incomplete ?? (status === 'nothing' ? 'nothing to look at' : null);
    return { invariant, status, ok, checked, unit, ...(note ? { note } : {}), ...(violation ? { violation } : {}) };
  }
}

function referenceTo({ sequence, blockNumber, lane, kind, bytes }: LoggedEntry): EntryReference {
  return { sequence, blockNumber, lane, kind: EntryKind[kind] ?? `kind ${kind}`, id: bytesToHex(entryId(bytes)) };
}
