import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { NATS_PAYLOAD_BYTES_MIN, ReplayRequest, ReplayResponse, replaySubject, SLICE_BYTES_MAX } from '#libs/protocol';
import { type NatsServer, startNats } from '#libs/testkit';
import { REPLAY_BYTES_MAX, type SliceSource } from './answer-replay.js';
import { connectNats, type NatsStatus } from './connect-nats.js';
import { FeedPublisher } from './feed-publisher.js';
import { encodeIngress } from './ingress-frame.js';
import { IngressServer } from './ingress-server.js';
import { JsonRequests } from './json-requests.js';
import { PriceServer } from './price-server.js';
import { ReplayServer } from './replay-server.js';
import { requestBytes } from './request-bytes.js';
import { subscribeBytes } from './subscribe-bytes.js';

type Connection = Awaited<ReturnType<typeof connectNats>>;

let nats: NatsServer;
const open: Connection[] = [];

beforeAll(async () => {
  nats = await startNats();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((connection) => connection.close()));
});
afterAll(() => nats.stop());

async function connect(name: string, onStatus?: (status: NatsStatus) => void): Promise<Connection> {
  const connection = await connectNats({ servers: nats.url, name, ...(onStatus ? { onStatus } : {}) });
  open.push(connection);
  return connection;
}

function latch(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

const jsonOf = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));

describe('replay', () => {
  const genesis = new Uint8Array(SLICE_BYTES_MAX + 5).fill(3);
  const slices = Array.from({ length: 40 }, (_, index) => new Uint8Array(100_000).fill(index + 1));
  const source: SliceSource = {
    genesisBytes: () => genesis,
    head: () => slices.length,
    slices: (chainId, from, limit) => Promise.resolve(chainId === 7 ? slices.slice(from - 1, from - 1 + limit) : []),
  };
  const ask = async (connection: Connection, chainId: number, request: ReplayRequest): Promise<ReplayResponse> =>
    ReplayResponse.deserialize(
      await requestBytes(connection, replaySubject(chainId), ReplayRequest.serialize(request), { timeoutMs: 3000 }),
    );

  it('hands out slices from the block asked for, never more than fits in a message', async () => {
    new ReplayServer(await connect('server'), source);
    const client = await connect('client');
    const answer = await ask(client, 7, { from: 3, limit: 1000, offset: 0 });
    expect(answer.head).toBe(40);
    expect(answer.slices.map((bytes) => bytes[0])).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(ReplayResponse.serialize(answer).length).toBeLessThan(REPLAY_BYTES_MAX);
    expect((await ask(client, 7, { from: 41, limit: 10, offset: 0 })).slices).toEqual([]);
    expect((await ask(client, 8, { from: 1, limit: 10, offset: 0 })).slices).toEqual([]);
  });

  it('hands out genesis in parts', async () => {
    new ReplayServer(await connect('server'), source);
    const client = await connect('client');
    const first = await ask(client, 7, { from: 0, limit: 0, offset: 0 });
    const second = await ask(client, 7, { from: 0, limit: 0, offset: first.genesisPart.length });
    expect(first.genesisBytes).toBe(genesis.length);
    expect(Buffer.concat([first.genesisPart, second.genesisPart]).equals(genesis)).toBe(true);
  });

  it('refuses malformed requests and goes on', async () => {
    new ReplayServer(await connect('server'), source);
    const client = await connect('client');
    for (const [subject, bytes] of [
      [replaySubject(7), Uint8Array.of(1, 2)],
      ['feed.replay.abc', ReplayRequest.serialize({ from: 1, limit: 1, offset: 0 })],
      [replaySubject(7), ReplayRequest.serialize({ from: 0, limit: 1, offset: genesis.length })],
    ] as const) {
      const refused = requestBytes(client, subject, bytes, { timeoutMs: 3000 });
      await expect(refused).rejects.toMatchObject({ code: 'SERVICE_ERROR', type: { status: 400 } });
    }
    expect((await ask(client, 7, { from: 1, limit: 1, offset: 0 })).slices).toHaveLength(1);
  });

  it('tells a request that nobody serves apart', async () => {
    const client = await connect('client');
    const asked = requestBytes(client, replaySubject(99), new Uint8Array(16), { timeoutMs: 500 });
    await expect(asked).rejects.toMatchObject({ code: 'NO_ANSWER' });
  });
});

describe('control traffic', () => {
  it('to the leader is sent again until someone leads, and anything else fails at once', async () => {
    const requests = new JsonRequests(nats.url);
    try {
      await expect(requests.request('admin.x', {}, 3_000)).rejects.toMatchObject({ code: 'NOBODY_SERVES' });
      const asked = requests.requestLeader('admin.x', { n: 1 }, 3_000);
      const leader = await connect('leader');
      const received: unknown[] = [];
      leader.subscribe('admin.x', {
        callback: (_error, message) => {
          const { id, data } = message.json<{ id: string; data: unknown }>();
          received.push(data);
          message.respond(JSON.stringify({ id, response: 'done', isDisposed: true }));
        },
      });
      expect(await asked).toBe('done');
      expect(received).toEqual([{ n: 1 }]);
    } finally {
      await requests.close();
    }
  });

  it('that nobody serves for longer than a takeover lasts fails', async () => {
    const requests = new JsonRequests(nats.url);
    try {
      const asked = requests.requestLeader('admin.y', {}, 3_000);
      await expect(asked).rejects.toMatchObject({ type: { code: 'NOBODY_SERVES', subject: 'admin.y' } });
    } finally {
      await requests.close();
    }
  }, 15_000);
});

describe('ingress', () => {
  it('answers each transaction in order and refuses a broken frame by header', async () => {
    const submitted: [number, number[]][] = [];
    new IngressServer(await connect('server'), {
      submit: (chainId, raws) => {
        submitted.push([chainId, raws.map((raw) => raw[0]!)]);
        return Promise.resolve(
          raws.map((raw) => (raw[0] === 9 ? { code: -32000, message: 'no' } : { hash: `0x${raw[0]}` })),
        );
      },
    });
    const client = await connect('client');
    const body = encodeIngress([Uint8Array.of(1), Uint8Array.of(9, 9), Uint8Array.of(3)]);
    expect(jsonOf(await requestBytes(client, 'ingress.7', body, { timeoutMs: 3000 }))).toEqual([
      { hash: '0x1' },
      { code: -32000, message: 'no' },
      { hash: '0x3' },
    ]);
    expect(submitted).toEqual([[7, [1, 9, 3]]]);
    const broken = requestBytes(client, 'ingress.7', body.subarray(1), { timeoutMs: 3000 });
    await expect(broken).rejects.toMatchObject({ code: 'SERVICE_ERROR', type: { status: 400 } });
  });

  it('refuses what does not fit beside the open transactions', async () => {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    new IngressServer(await connect('server'), {
      submit: async (_chainId, raws) => {
        await held;
        return raws.map(() => ({ hash: '0x' }));
      },
      openTransactionsMax: 1,
    });
    const client = await connect('client');
    const first = requestBytes(client, 'ingress.7', encodeIngress([Uint8Array.of(1)]), { timeoutMs: 3000 });
    const second = requestBytes(client, 'ingress.7', encodeIngress([Uint8Array.of(2)]), { timeoutMs: 3000 });
    await expect(second).rejects.toMatchObject({ type: { status: 503 } });
    release();
    expect(jsonOf(await first)).toEqual([{ hash: '0x' }]);
  });
});

describe('subscriptions', () => {
  it('outlive what a handler throws, at once or later', async () => {
    const errors: string[] = [];
    const seen: number[] = [];
    const done = latch();
    subscribeBytes(
      await connect('server'),
      'vote.*',
      (bytes) => {
        seen.push(bytes[0]!);
        if (bytes[0] === 1) throw new Error('at once');
        if (bytes[0] === 2) return Promise.reject(new Error('later'));
        done.resolve();
        return undefined;
      },
      { onError: (error) => errors.push(error.message) },
    );
    await open[0]!.flush();
    const client = await connect('client');
    for (const byte of [1, 2, 3]) client.publish('vote.7', Uint8Array.of(byte));
    await done.promise;
    expect(seen).toEqual([1, 2, 3]);
    expect(errors).toEqual(['at once', 'later']);
  });

  it('answer prices in JSON', async () => {
    new PriceServer(await connect('server'), (bytes) =>
      bytes[0] === 1 ? Promise.resolve({ block: 5, sequence: '17' }) : Promise.reject(new Error('bad price')),
    );
    const client = await connect('client');
    const send = async (byte: number): Promise<unknown> =>
      jsonOf(await requestBytes(client, 'price', Uint8Array.of(byte), { timeoutMs: 3000 }));
    expect(await send(1)).toEqual({ block: 5, sequence: '17' });
    expect(await send(2)).toMatchObject({ message: 'bad price' });
  });
});

describe('connections', () => {
  it('end the wait for a server that is not there', async () => {
    const statuses: string[] = [];
    const refused = connectNats({
      servers: 'nats://127.0.0.1:9',
      name: 'x',
      firstConnectTimeoutMs: 600,
      onStatus: ({ type }) => statuses.push(type),
    });
    await expect(refused).rejects.toMatchObject({ code: 'NATS_UNREACHABLE' });
    expect(statuses).toContain('waiting');
  });

  it('come back after a restart of the server; the feed is dropped meanwhile and flows again', async () => {
    let own = await startNats();
    const events: string[] = [];
    const back = latch();
    const gone = latch();
    const onStatus = ({ type }: NatsStatus): void => {
      events.push(type);
      if (type === 'disconnected') gone.resolve();
      if (type === 'reconnected') back.resolve();
    };
    const publisherConnection = await connectNats({ servers: own.url, name: 'publisher' });
    const connection = await connectNats({ servers: own.url, name: 'subscriber', onStatus });
    open.push(publisherConnection, connection);
    const received: number[] = [];
    const arrived = latch();
    subscribeBytes(connection, 'feed.slice.7', (bytes) => {
      received.push(bytes[0]!);
      if (bytes[0] === 3) arrived.resolve();
    });
    await connection.flush();
    const feed = new FeedPublisher(publisherConnection);
    const publish = (byte: number): void => feed.publish([{ chainId: 7, bytes: Uint8Array.of(byte) }]);
    publish(1);
    await publisherConnection.flush();
    await own.kill();
    await gone.promise;
    publish(2);
    expect(feed.counts.dropped).toBe(1);
    own = await startNats({ port: own.port });
    await back.promise;
    const timer = setInterval(() => publish(3), 20);
    await arrived.promise;
    clearInterval(timer);
    expect(received).not.toContain(2);
    expect(events.slice(0, 3)).toEqual(['connected', 'disconnected', 'reconnected']);
    await own.stop();
  });

  it("pass over a server that takes the connection and says nothing, Nest's own as well", async () => {
    const seen: Socket[] = [];
    const { hostname, port } = new URL(nats.url);
    const front = createServer((socket) => {
      seen.push(socket.on('error', () => undefined));
      if (seen.length > 2) socket.pipe(createConnection(Number(port), hostname)).pipe(socket);
    });
    await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
    const servers = `nats://127.0.0.1:${(front.address() as AddressInfo).port}`;
    const requests = new JsonRequests(servers);
    const [connection] = await Promise.all([connectNats({ servers, name: 'x' }), requests.emit('event.x', {})]);
    expect(seen.length).toBe(4);
    await Promise.all([connection.close(), requests.close()]);
    for (const socket of seen) socket.destroy();
    front.close();
  }, 12_000);

  it('are refused by a server that takes less than a slice', async () => {
    const info = { server_id: 'X', version: '2.9.0', max_payload: 65_536, headers: true, proto: 1, host: '', port: 0 };
    const server = createServer((socket) => {
      socket.write(`INFO ${JSON.stringify(info)}\r\n`);
      socket.on('data', (chunk) => chunk.includes('PING') && socket.write('PONG\r\n'));
      socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await expect(connectNats({ servers: `nats://127.0.0.1:${port}`, name: 'x' })).rejects.toMatchObject({
      type: { code: 'NATS_PAYLOAD_TOO_SMALL', payloadMax: 65_536, payloadMin: NATS_PAYLOAD_BYTES_MIN },
    });
    server.close();
  });
});
