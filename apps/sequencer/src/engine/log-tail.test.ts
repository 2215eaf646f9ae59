// Shows that what is remembered of a log is the same however its reading is cut into pages: always by whole blocks, since
// the registry of a block is in force for all of it.
import type { DataSource } from 'typeorm';
import { expect, test } from 'vitest';
import type { AuditRow, LogReader } from '#libs/persistence';
import { RegistryAction } from '#libs/protocol';
import { EntryDesk } from './entry-desk.js';
import { IntakeQueue } from './intake-queue.js';
import type { LogState } from './log-state.js';
import { LogTail } from './log-tail.js';
import { build, settle } from './testing/build.js';
import {
  A,
  CALL,
  genesis,
  LOG_ID,
  newState,
  recover,
  SEQUENCER_KEY,
  signedChange,
  signedPrice,
  START_MS,
} from './testing/world.js';

/** A log of prices and registry changes, behind the ports that a tail reads from. */
class MemoryLog {
  readonly state = newState();
  readonly pages: [after: bigint, limit: number, blocks: number[]][] = [];
  private readonly rows: Record<string, unknown>[] = [];
  private readonly queue = new IntakeQueue(100_000, () => undefined);
  private readonly desk = new EntryDesk({
    logId: LOG_ID,
    queue: this.queue,
    recover,
    registry: () => this.state.registry,
    leader: SEQUENCER_KEY,
  });
  private readonly audits: AuditRow[] = [];
  private readonly hashes: Uint8Array[] = [];
  private round = 0n;
  private changes = 0;
  /** Called while a tail reads. */
  onRead: () => void = () => undefined;

  /** Appends a block with so many prices, and one change of the registry in front of them; `term` leads meanwhile. */
  append(prices: number, { pause, term }: { pause?: boolean; term?: LogState } = {}): void {
    if (pause !== undefined) {
      const value = { chainId: A, value: pause };
      void this.desk.submitRegistryChange(signedChange(RegistryAction.SET_ROLLUP_PAUSED, value, this.changes++));
    }
    for (let count = 0; count < prices; count++) void this.desk.submitPrice(signedPrice((this.round += 1n)));
    const timestampMs = this.state.tip.timestampMs + 1;
    const block = build(this.state, this.queue, { timestampMs, candidatesMax: 100_000 });
    settle(this.state, block);
    if (term) settle(term, block);
    this.audits.push(...(block.extras.audits ?? []));
    const { header, hash, entries } = block.sealed;
    this.hashes[header.number] = hash;
    for (const { sequence, lane, laneSequence, kind, id, bytes } of entries) {
      this.rows.push({
        ...{
          sequence: `${sequence}`,
          block_number: `${header.number}`,
          lane: `${lane}`,
          kind,
          sender: null,
          nonce: null,
        },
        ...{ lane_sequence: `${laneSequence}`, id: Buffer.from(id), bytes: Buffer.from(bytes) },
        ...{ block_hash: Buffer.from(hash), timestamp_ms: `${header.timestamp}` },
      });
    }
  }

  tail(): LogTail {
    const { state } = this;
    const head = () => {
      const { number, hash, timestampMs, nextSequence } = state.tip;
      return Promise.resolve({ epoch: 1, number, hash, lastSequence: nextSequence - 1n, timestampMs });
    };
    const laneHeads = () =>
      Promise.resolve(new Map([...state.tip.nextLaneSequences].map(([chainId, next]) => [chainId, next - 1n])));
    const reader = {
      head,
      laneHeads,
      block: (number: number) => Promise.resolve({ number, hash: this.hashes[number] }),
      audits: (from: bigint) => Promise.resolve(this.audits.filter(({ id }) => id >= from)),
    };
    const query = (_: string, [, after, limit]: [unknown, bigint, number]) => {
      this.onRead();
      const page = this.rows.filter(({ lane_sequence }) => BigInt(lane_sequence as string) > after).slice(0, limit);
      this.pages.push([after, limit, [...new Set(page.map(({ block_number }) => Number(block_number)))]]);
      return Promise.resolve(page);
    };
    return new LogTail({ query } as unknown as DataSource, reader as unknown as LogReader, genesis, recover);
  }
}

/** What was remembered of the log is what its leader knows. */
function expectSame(tail: LogTail, log: MemoryLog): void {
  expect(tail.state.tip).toEqual(log.state.tip);
  expect(tail.state.registry).toEqual(log.state.registry);
  expect(tail.state.lastAudit).toEqual(log.state.lastAudit);
  const market = [CALL.underlying, CALL.quote] as const;
  expect(tail.state.prices.latest(...market)).toEqual(log.state.prices.latest(...market));
}

/** How the tail handed blocks to its state: the timestamp of each call, and how many entries it had. */
function watch(tail: LogTail): [atMs: number, entries: number][] {
  const applied: [number, number][] = [];
  const { state } = tail;
  const apply = state.apply.bind(state);
  state.apply = (entries, block) => {
    applied.push([block.timestampMs - START_MS, [...entries].length]);
    apply(entries, block);
  };
  return applied;
}

test('an empty log asks for nothing; a log that has not moved asks for its head alone', async () => {
  const log = new MemoryLog();
  const tail = log.tail();
  await tail.catchUp();
  expect(log.pages).toEqual([]);
  log.append(2, { pause: true });
  await tail.catchUp();
  await tail.catchUp();
  expect(log.pages).toHaveLength(1);
  expectSame(tail, log);
});

test('blocks without shared entries move the tip alone', async () => {
  const log = new MemoryLog();
  log.append(1);
  const tail = log.tail();
  await tail.catchUp();
  log.append(0);
  await tail.catchUp();
  expect(log.pages).toHaveLength(1);
  expectSame(tail, log);
});

test('a block that a page cuts is read again as a whole with the next one', async () => {
  const log = new MemoryLog();
  const sizes = [1_500, 800, 1_200, 700]; // with the change in front: 801 and 701
  sizes.forEach((prices, index) => log.append(prices, index % 2 === 1 ? { pause: index === 1 } : {}));
  const tail = log.tail();
  const applied = watch(tail);
  await tail.catchUp();
  expect(applied).toEqual([
    [1, 1_500],
    [2, 801],
    [3, 1_200],
    [4, 701],
  ]);
  expect(log.pages.map(([after]) => after)).toEqual([0n, 1_500n, 2_301n]);
  expectSame(tail, log);
});

test('a block of more entries than a page is read with a larger one', async () => {
  const log = new MemoryLog();
  log.append(2_500);
  log.append(10);
  const tail = log.tail();
  const applied = watch(tail);
  await tail.catchUp();
  expect(applied).toEqual([
    [1, 2_500],
    [2, 10],
  ]);
  expectSame(tail, log);
});

test('after a term of its own, whose blocks its memory has taken in, it reads only what came since', async () => {
  const log = new MemoryLog();
  log.append(3);
  const tail = log.tail();
  await tail.catchUp();
  log.append(2, { pause: true, term: tail.state });
  log.append(1);
  const applied = watch(tail);
  await tail.catchUp();
  expect(applied.map(([, entries]) => entries)).toEqual([1]);
  expectSame(tail, log);
});

test('what is appended while the tail reads is left for the next time, never cut in two', async () => {
  const log = new MemoryLog();
  log.append(1_000);
  const tail = log.tail();
  const applied = watch(tail);
  log.onRead = () => {
    log.onRead = () => undefined;
    log.append(1_500, { pause: true });
  };
  await tail.catchUp();
  await tail.catchUp();
  expect(applied).toEqual([
    [1, 1_000],
    [2, 1_501],
  ]);
  expectSame(tail, log);
});
