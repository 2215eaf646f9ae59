import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createServer } from 'node:http';
import { answerReplay, connectNats, type NatsConnection } from '#libs/messaging';
import { encodeEntry, EntryKind, feedSubject, Slice } from '#libs/protocol';
import { freePorts, type NatsServer, startNats } from '#libs/testkit';
import { MemorySequencer, type NewEntry } from '../testing/memory-sequencer.js';
import { testGenesis, testSigner } from '../testing/test-genesis.js';
import { type Cursor, genesisCursor } from '../verify/cursor.js';
import { followFeed, type Follower, type FollowerEvent, type FollowOptions } from './follower.js';
import { NatsReplay, type ReplaySource } from './replay-source.js';

const CHAIN = 7;
const transaction = (n: number): NewEntry => ({
  bytes: encodeEntry(EntryKind.TRANSACTION, Uint8Array.of(n, n, n)),
  sender: new Uint8Array(20).fill(1),
  chainId: CHAIN,
});

let nats: NatsServer;
const connections: NatsConnection[] = [];
const readers: Reader[] = [];

beforeAll(async () => {
  nats = await startNats();
});
afterEach(async () => {
  await Promise.all(readers.splice(0).map((reader) => reader.stop()));
  await Promise.all(connections.splice(0).map((connection) => connection.close()));
});
afterAll(() => nats.stop());

async function connect(name: string, servers = nats.url): Promise<NatsConnection> {
  const connection = await connectNats({ servers, name });
  connections.push(connection);
  return connection;
}

async function newSequencer(blocks = 0): Promise<{ log: MemorySequencer; connection: NatsConnection }> {
  const log = new MemorySequencer(testGenesis(), testSigner('sequencer'));
  for (let n = 1; n <= blocks; n++) log.append([transaction(n % 256)]);
  const connection = await connect('sequencer');
  log.serve(connection);
  await connection.flush();
  return { log, connection };
}

/** Reads a follower to its end and keeps what it handed out. */
class Reader {
  readonly numbers: number[] = [];
  readonly events: FollowerEvent[] = [];
  cursor: Cursor | undefined;
  error: unknown = null;
  readonly done: Promise<void>;
  private readonly follower: Follower;
  private changed = (): void => undefined;

  constructor(
    options: FollowOptions,
    private readonly beforeEach: (number: number) => Promise<void> = () => Promise.resolve(),
  ) {
    readers.push(this);
    this.follower = followFeed({
      silenceMs: 300,
      ...options,
      onEvent: (event) => {
        this.events.push(event);
        this.changed();
      },
    });
    this.done = this.read().catch((error: unknown) => {
      this.error = error;
      this.changed();
    });
  }

  get isFollowing(): boolean {
    return this.follower.isFollowing;
  }

  reasons(): string[] {
    return this.events.flatMap((event) => (event.type === 'replaying' ? [event.why] : []));
  }

  /** Resolves once the condition holds; it is looked at whenever something happened. */
  async until(what: string, condition: () => boolean, timeoutMs = 10_000): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`not in time: ${what}; got ${this.numbers.length} blocks, ${String(this.error)}`)),
        timeoutMs,
      );
    });
    while (!condition()) await Promise.race([late, new Promise<void>((resolve) => (this.changed = resolve))]);
    clearTimeout(timer);
  }

  has(number: number): Promise<void> {
    return this.until(`block ${number}`, () => this.numbers.at(-1)! >= number);
  }

  async stop(): Promise<void> {
    this.follower.close();
    await this.done;
  }

  private async read(): Promise<void> {
    for await (const block of this.follower) {
      await this.beforeEach(block.header.number);
      this.numbers.push(block.header.number);
      this.cursor = block.cursor;
      this.changed();
    }
  }
}

const upTo = (last: number, first = 1): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i);

describe('a follower', () => {
  it('replays from genesis and goes on live, each block once', async () => {
    const { log } = await newSequencer(50);
    const reader = new Reader({ nats: await connect('follower'), chainId: CHAIN });
    await reader.until('following', () => reader.isFollowing);
    for (let n = 51; n <= 80; n++) log.append([transaction(n)]);
    await reader.has(80);
    expect(reader.numbers).toEqual(upTo(80));
    expect(reader.reasons()).toEqual(['start']);
  });

  it('resumes from a cursor without skip or repeat', async () => {
    const { log } = await newSequencer(30);
    const connection = await connect('follower');
    const first = new Reader({ nats: connection, chainId: CHAIN });
    await first.has(30);
    await first.stop();
    for (let n = 31; n <= 60; n++) log.append();
    const second = new Reader({ nats: connection, chainId: CHAIN, cursor: first.cursor! });
    await second.has(60);
    log.append();
    await second.has(61);
    expect(second.numbers).toEqual(upTo(61, 31));
  });

  it('reconnects with a stale position, thousands of blocks old, and goes on from there', async () => {
    const { log } = await newSequencer(2500);
    const reader = new Reader({ nats: await connect('f'), chainId: CHAIN, cursor: genesisCursor(log.genesis, CHAIN) });
    await reader.has(2500);
    expect(reader.numbers).toEqual(upTo(2500));
  });

  it('closes a gap by replay', async () => {
    const { log } = await newSequencer(3);
    const reader = new Reader({ nats: await connect('follower'), chainId: CHAIN });
    await reader.until('following', () => reader.isFollowing);
    log.append([transaction(1)], { publish: false });
    log.append([transaction(2)], { publish: false });
    log.append([transaction(3)]);
    await reader.has(6);
    expect(reader.numbers).toEqual(upTo(6));
    expect(reader.reasons()).toContain('gap');
  });

  it('drops what it was sent before', async () => {
    const { log, connection } = await newSequencer(3);
    const reader = new Reader({ nats: await connect('follower'), chainId: CHAIN });
    await reader.until('following', () => reader.isFollowing);
    for (let n = 0; n < 5; n++) {
      const block = log.append();
      log.publish(block);
      log.publish(log.blocks[0]!);
    }
    await connection.flush();
    log.append();
    await reader.has(9);
    expect(reader.numbers).toEqual(upTo(9));
    expect(reader.error).toBeNull();
  });

  it('puts messages in order that came in disorder', async () => {
    const { log } = await newSequencer(3);
    const reader = new Reader({ nats: await connect('follower'), chainId: CHAIN });
    await reader.until('following', () => reader.isFollowing);
    const later = [1, 2, 3, 4].map(() => log.append([], { publish: false }));
    for (const block of later.reverse()) log.publish(block);
    await reader.has(7);
    expect(reader.numbers).toEqual(upTo(7));
  });

  it("misses no message between the backlog's end and the live registration", async () => {
    const { log } = await newSequencer(5);
    const connection = await connect('follower');
    const inner = new NatsReplay(connection);
    let rounds = 0;
    // Blocks 6 and 7 become durable while the answer that ends with 5 is on its way; 6 is published too early to be
    // seen live and 7 is seen live before that answer.
    const replaySource: ReplaySource = {
      async replay(chainId, request) {
        const answer = await inner.replay(chainId, request);
        if (request.from > 0 && rounds++ === 0) {
          log.append([], { publish: false });
          log.append();
          await connection.flush();
        }
        return answer;
      },
    };
    const reader = new Reader({ nats: connection, chainId: CHAIN, replaySource });
    await reader.has(7);
    expect(reader.numbers).toEqual(upTo(7));
  });

  it('asks for replay by itself when it hears nothing', async () => {
    const { log } = await newSequencer(2);
    const reader = new Reader({ nats: await connect('follower'), chainId: CHAIN });
    await reader.until('following', () => reader.isFollowing);
    log.append([], { publish: false });
    await reader.has(3);
    expect(reader.reasons()).toContain('silence');
  });

  it('that is too slow for the feed is dropped to replay and still gets every block', async () => {
    const { log, connection } = await newSequencer(1);
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const own = await connect('follower');
    const reader = new Reader({ nats: own, chainId: CHAIN, buffer: { slicesMax: 10 } }, (number) =>
      number === 2 ? held : Promise.resolve(),
    );
    await reader.until('following', () => reader.isFollowing);
    for (let n = 2; n <= 60; n++) log.append();
    await connection.flush();
    await own.flush();
    release();
    await reader.has(60);
    expect(reader.numbers).toEqual(upTo(60));
    expect(reader.reasons()).toContain('overflow');
  });

  it('outlives a restart of NATS that loses messages', async () => {
    let server = await startNats();
    const log = new MemorySequencer(testGenesis(), testSigner('sequencer'));
    log.append();
    log.serve(await connect('sequencer', server.url));
    const reader = new Reader({ nats: await connect('follower', server.url), chainId: CHAIN });
    await reader.has(1);
    await server.kill();
    for (let n = 2; n <= 20; n++) log.append();
    server = await startNats({ port: server.port });
    await reader.has(20);
    log.append();
    await reader.has(21);
    expect(reader.numbers).toEqual(upTo(21));
    await Promise.all(connections.map((connection) => connection.close()));
    await server.stop();
  });

  it('waits for a sequencer that comes later', async () => {
    const log = new MemorySequencer(testGenesis(), testSigner('sequencer'));
    log.append();
    const reader = new Reader({ nats: await connect('follower'), chainId: CHAIN });
    await reader.until('a failed replay', () => reader.events.some(({ type }) => type === 'replay-failed'));
    log.serve(await connect('sequencer'));
    await reader.has(1);
  });

  it('replays over HTTP where NATS gives no answer', async () => {
    const log = new MemorySequencer(testGenesis(), testSigner('sequencer'));
    for (let n = 1; n <= 5; n++) log.append();
    const [port] = await freePorts(1);
    const server = createServer((request, response) => {
      const url = new URL(request.url!, 'http://x');
      const number = (name: string): number => Number(url.searchParams.get(name));
      const asked = { from: number('from'), limit: number('limit'), offset: number('offset') };
      void answerReplay(log, Number(url.pathname.split('/').at(-1)), asked).then((bytes) => response.end(bytes));
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    const nats = await connect('follower');
    const reader = new Reader({ nats, chainId: CHAIN, rpcUrl: `http://127.0.0.1:${port}` });
    await reader.has(5);
    server.closeAllConnections();
    server.close();
  });
});

describe('a follower that meets something wrong', () => {
  it('drops forged live slices and takes the true ones by replay', async () => {
    const { log, connection } = await newSequencer(2);
    const reader = new Reader({ nats: await connect('follower'), chainId: CHAIN });
    await reader.until('following', () => reader.isFollowing);
    const forged = Slice.deserialize(log.append([transaction(1)], { publish: false }).slices.get(CHAIN)!);
    forged.own.entries[0]!.sender = new Uint8Array(20).fill(2);
    connection.publish(feedSubject(CHAIN), Slice.serialize(forged));
    connection.publish(feedSubject(CHAIN), Uint8Array.of(1, 2, 3));
    await reader.has(3);
    expect(reader.error).toBeNull();
    expect(reader.events.some(({ type }) => type === 'bad-slice')).toBe(true);
  });

  it('stops with the evidence where the log itself is wrong', async () => {
    const { log } = await newSequencer(3);
    const slice = Slice.deserialize(log.blocks[1]!.slices.get(CHAIN)!);
    slice.own.entries[0]!.bytes[2]! += 1;
    log.blocks[1]!.slices.set(CHAIN, Slice.serialize(slice));
    const reader = new Reader({ nats: await connect('follower'), chainId: CHAIN });
    await reader.done;
    expect(reader.error).toMatchObject({ code: 'LANE_PROOF', type: { number: 2 } });
    expect(reader.numbers).toEqual([1]);
  });

  it('stops at a second signed header for a height, and keeps both', async () => {
    const { log } = await newSequencer(3);
    const reader = new Reader({ nats: await connect('follower'), chainId: CHAIN });
    await reader.until('following', () => reader.isFollowing);
    log.publish(log.equivocate([transaction(9)]));
    await reader.done;
    expect(reader.error).toMatchObject({ code: 'EQUIVOCATION', type: { number: 3 } });
    expect((reader.error as { evidence: Uint8Array[] }).evidence).toHaveLength(2);
  });

  it('notices at start that the log holds another block than the one its cursor stands at', async () => {
    const { log } = await newSequencer(3);
    const connection = await connect('follower');
    const first = new Reader({ nats: connection, chainId: CHAIN });
    await first.has(3);
    await first.stop();
    log.blocks[2] = log.equivocate([transaction(9)]);
    const second = new Reader({ nats: connection, chainId: CHAIN, cursor: first.cursor! });
    await second.done;
    expect(second.error).toMatchObject({ code: 'EQUIVOCATION' });
  });

  it('refuses a log that is not its own, at genesis and with a cursor', async () => {
    const { log } = await newSequencer(3);
    const connection = await connect('follower');
    const foreign = testGenesis({ name: 'another' });
    const cursor = { ...genesisCursor(foreign, CHAIN), number: 40 };
    const logId = cursor.logId;
    for (const options of [{ logId }, { cursor }]) {
      const reader = new Reader({ nats: connection, chainId: CHAIN, ...options });
      await reader.done;
      expect(reader.error).toMatchObject({ code: 'FOREIGN_LOG' });
    }
    expect(log.head()).toBe(3);
  });

  it('says so when the log ends before its cursor, and waits', async () => {
    const { log } = await newSequencer(5);
    const connection = await connect('follower');
    const first = new Reader({ nats: connection, chainId: CHAIN });
    await first.has(5);
    await first.stop();
    const kept = log.blocks.splice(3);
    const second = new Reader({ nats: connection, chainId: CHAIN, cursor: first.cursor! });
    await second.until('ahead', () => second.events.some((event) => event.type === 'ahead' && event.head === 3));
    log.blocks.push(...kept);
    log.append();
    await second.has(6);
    expect(second.numbers).toEqual([6]);
  });
});
