import { Injectable } from '@nestjs/common';
import {
  applyRegistryChange,
  bytesToHex,
  entryBody,
  type Genesis,
  type Registry,
  RegistryAction,
  seriesId,
  SignedRegistryChange,
} from '#libs/protocol';
import type { Head, Leader } from '#libs/persistence';

/** How far back rates look, in ms of wall time. */
const RATE_WINDOW_MS = 10_000;

/** Where a series was listed and delisted. */
export interface SeriesPlaces {
  listed: { block: number; sequence: bigint; timestampMs: number };
  delisted: { block: number; sequence: bigint; timestampMs: number } | null;
}

interface Sample {
  atMs: number;
  number: number;
  sequence: bigint;
  transactions: number;
}

/** A change of the registry as the log has it. */
export interface LoggedChange {
  sequence: bigint;
  blockNumber: number;
  timestampMs: number;
  /** Kind byte ‖ body. */
  bytes: Uint8Array;
}

/**
 * What this process knows of the log by heart: where it ends, the registry in force in the next block, and how fast it
 * grows. It goes on answering when Postgres is away.
 */
@Injectable()
export class LogView {
  head: Head | null = null;
  leader: Leader | null = null;
  genesis: Genesis | null = null;
  registry: Registry | null = null;
  readonly seriesPlaces = new Map<string, SeriesPlaces>();
  /** Sequence of the newest registry change that `registry` holds. */
  changedAt = 0n;
  private samples: Sample[] = [];
  private transactions = 0;

  /** Begins with genesis, or begins anew. */
  begin(genesis: Genesis): void {
    this.genesis = genesis;
    this.registry = genesis.registry;
    this.changedAt = 0n;
    this.seriesPlaces.clear();
    this.samples = [];
  }

  apply({ sequence, blockNumber, timestampMs, bytes }: LoggedChange): void {
    if (!this.registry) return;
    const { change } = SignedRegistryChange.deserialize(entryBody(bytes));
    this.registry = applyRegistryChange(this.registry, change, timestampMs);
    this.changedAt = sequence;
    const place = { block: blockNumber, sequence, timestampMs };
    const { selector, value } = change.action;
    if ((selector as RegistryAction) === RegistryAction.LIST_SERIES) {
      const id = seriesId(this.registry.series.at(-1)!.terms);
      this.seriesPlaces.set(bytesToHex(id), { listed: place, delisted: null });
    }
    if ((selector as RegistryAction) === RegistryAction.DELIST_SERIES) {
      const places = this.seriesPlaces.get(bytesToHex(value as Uint8Array));
      if (places) places.delisted = place;
    }
  }

  /** @param transactions in the blocks since the last call; @param atMs of a clock that never goes back */
  sample(head: Head, transactions: number, atMs: number): void {
    this.head = head;
    this.transactions += transactions;
    this.samples.push({ atMs, number: head.number, sequence: head.lastSequence, transactions: this.transactions });
    while ((this.samples[1]?.atMs ?? Infinity) <= atMs - RATE_WINDOW_MS) this.samples.shift();
  }

  /** Per second over the last ten seconds. */
  rates(): { transactionsPerSecond: number; entriesPerSecond: number; blocksPerSecond: number } {
    const first = this.samples[0];
    const last = this.samples.at(-1);
    const seconds = first && last ? (last.atMs - first.atMs) / 1000 : 0;
    const rate = (count: number): number => (seconds > 0 ? Math.round((count / seconds) * 100) / 100 : 0);
    return {
      transactionsPerSecond: rate(last && first ? last.transactions - first.transactions : 0),
      entriesPerSecond: rate(last && first ? Number(last.sequence - first.sequence) : 0),
      blocksPerSecond: rate(last && first ? last.number - first.number : 0),
    };
  }
}
