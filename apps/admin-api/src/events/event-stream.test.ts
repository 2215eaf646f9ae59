// Shows that a stream tells each event once, moves its id on in silence, and tells a client that reads too slowly so.
import { EventEmitter } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, test, vi } from 'vitest';
import type { BlockEvents } from './block-events.js';
import type { Event, EventKind } from './event.schema.js';
import type { EventLog } from './event-log.js';
import type { ExecutorChange } from '../incidents/executor-monitor.js';
import type { ExecutorHealth, ExecutorView } from '../rollups/rollups.schema.js';
import { EventStream } from './event-stream.js';
import type { ExecutorChanges } from './executor-changes.js';

/** A response whose client reads, or not. */
class FakeResponse extends EventEmitter {
  text = '';
  reads = true;
  writable = true;
  write(text: string): boolean {
    this.text += text;
    return this.reads;
  }
  end(text: string): void {
    this.text += text;
    this.writable = false;
  }
  destroy(): void {
    this.emit('close');
  }
}

/** A log in memory that grows when it is told to. */
class FakeLog {
  blocks: BlockEvents[] = [];
  wake = (): void => undefined;
  isAway = false;
  readonly incidents = { after: () => (this.isAway ? Promise.reject(new Error('away')) : Promise.resolve([])) };
  readonly executorChanges = { after: () => Promise.resolve([]) };
  listen(wake: () => void): () => void {
    this.wake = wake;
    return () => undefined;
  }
  from(number: number): Promise<BlockEvents[]> {
    return Promise.resolve(this.blocks.slice(number - 1));
  }
  grow(count = 1): void {
    for (let n = 0; n < count; n++) {
      const number = this.blocks.length + 1;
      const event = (index: number, kind: string) => ({
        index,
        event: { kind, block: number, index } as unknown as Event,
      });
      this.blocks.push({ number, hash: '00000000', events: [event(1, 'block'), event(2, 'price')] });
    }
    this.wake();
  }
}

/** Executors, as a stream hears of them. */
class FakeExecutors implements ExecutorChanges {
  changes: ExecutorChange[] = [];
  tell: (change: ExecutorChange) => void = () => undefined;
  current(): ExecutorChange[] {
    return this.changes;
  }
  listen(tell: (change: ExecutorChange) => void): () => void {
    this.tell = tell;
    return () => (this.tell = () => undefined);
  }
  change(health: ExecutorHealth, previous: ExecutorHealth | null): void {
    const executor = { chainId: 1, role: 'voting', key: '0x01', health } as ExecutorView;
    const change = { at: new Date(0), executor, previous };
    this.changes = [change];
    this.tell(change);
  }
}

function open({
  kinds,
  heartbeatMs = 60_000,
  slowMs = 60_000,
}: { kinds?: EventKind[]; heartbeatMs?: number; slowMs?: number } = {}) {
  const [response, log, executors] = [new FakeResponse(), new FakeLog(), new FakeExecutors()];
  executors.change('healthy', null);
  const begin = { number: 0, index: Infinity, hash: '00000000', incident: 0n, change: 0n };
  const options = { kinds: kinds ? new Set(kinds) : null, heartbeatMs, slowMs };
  const stream = new EventStream(
    response as unknown as ServerResponse,
    log as unknown as EventLog,
    executors,
    begin,
    options,
  );
  return { response, log, executors, stream, ran: stream.run() };
}
const idsOf = (text: string): string[] => [...text.matchAll(/^id: (.*)\nevent: /gm)].map(([, id]) => id!);

test('every event is told once, with its id, also of blocks that come in the middle of telling', async () => {
  const { response, log, stream, ran } = open();
  log.grow(3);
  await vi.waitFor(() => expect(idsOf(response.text)).toHaveLength(6));
  log.grow();
  log.grow();
  await vi.waitFor(() => expect(idsOf(response.text)).toHaveLength(10));
  expect(idsOf(response.text)).toEqual(
    [1, 2, 3, 4, 5].flatMap((n) => [1, 2].map((index) => `${n}-${index}-00000000-0-0`)),
  );
  stream.close('closed', 'enough');
  expect(await ran).toBe('closed');
  expect(response.text).toMatch(/event: closed\ndata: {"reason":"enough"}\n\n$/);
});

test('nothing is passed over while Postgres is away', async () => {
  const { response, log, ran } = open();
  log.isAway = true;
  log.grow(2);
  await new Promise(setImmediate);
  expect(idsOf(response.text)).toEqual([]);
  log.isAway = false;
  log.grow();
  await vi.waitFor(() => expect(idsOf(response.text)).toHaveLength(6));
  response.destroy();
  expect(await ran).toBe('gone');
});

test('in silence, and where only other kinds happen, a heartbeat moves the id on', async () => {
  const { response, log, ran } = open({ kinds: ['price'], heartbeatMs: 5 });
  log.grow();
  await vi.waitFor(() => expect(response.text).toContain(': heartbeat\nid: 1-end-00000000-0-0\n\n'));
  expect(idsOf(response.text)).toEqual(['1-2-00000000-0-0']);
  response.destroy();
  await ran;
});

test('how executors are is told as a stream begins and when it changes, without an id; the newest alone to who reads slowly', async () => {
  const { response, executors, stream, ran } = open({ kinds: ['executor'] });
  const told = (): unknown[] =>
    [...response.text.matchAll(/^event: executor\ndata: (.*)$/gm)].map(([, data]) => {
      const { health, previous } = JSON.parse(data!) as Record<string, unknown>;
      return [health, previous];
    });
  await vi.waitFor(() => expect(told()).toEqual([['healthy', null]]));
  response.reads = false;
  executors.change('lagging', 'healthy');
  await vi.waitFor(() => expect(told()).toHaveLength(2));
  executors.change('silent', 'lagging');
  executors.change('replaying', 'silent');
  response.reads = true;
  response.emit('drain');
  await vi.waitFor(() => expect(told()).toHaveLength(3));
  expect(told().slice(1)).toEqual([
    ['lagging', 'healthy'],
    ['replaying', 'silent'],
  ]);
  expect(idsOf(response.text)).toEqual([]);
  stream.close('gone');
  await ran;
});

test('a client that does not read is told where to resume, and the stream ends', async () => {
  const { response, log, ran } = open({ slowMs: 20 });
  response.reads = false;
  log.grow(2);
  expect(await ran).toBe('overflow');
  const last = idsOf(response.text).at(-1)!;
  expect(response.text).toContain('event: overflow\ndata: {"resumeFrom":"2-end-00000000-0-0"}\n\n');
  expect(last).toBe('2-2-00000000-0-0');
});

test('a client that reads slowly, but reads, is told everything', async () => {
  const { response, log, stream, ran } = open({ slowMs: 10_000 });
  response.reads = false;
  log.grow(2);
  await vi.waitFor(() => expect(idsOf(response.text)).toHaveLength(4));
  log.grow();
  response.reads = true;
  response.emit('drain');
  await vi.waitFor(() => expect(idsOf(response.text)).toHaveLength(6));
  stream.close('gone');
  await ran;
});

test('over a real connection that is not read, the end of what arrives says where to resume', async () => {
  const log = new FakeLog();
  for (let n = 0; n < 400; n++) {
    log.grow();
    log.blocks.at(-1)!.events[1]!.event = { kind: 'price', padding: 'x'.repeat(100_000) } as unknown as Event;
  }
  const begin = { number: 0, index: Infinity, hash: '00000000', incident: 0n, change: 0n };
  const ends: string[] = [];
  const server = createServer((_, response) => {
    const options = { kinds: null, heartbeatMs: 60_000, slowMs: 1_000 };
    const stream = new EventStream(
      response.writeHead(200),
      log as unknown as EventLog,
      new FakeExecutors(),
      begin,
      options,
    );
    void stream.run().then((end) => ends.push(end));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.write('GET / HTTP/1.0\r\n\r\n');
    socket.pause();
    await vi.waitFor(() => expect(ends).toEqual(['overflow']), 10_000);
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    const [, resumeFrom] = /event: overflow\ndata: {"resumeFrom":"(.*)"}\n\n$/.exec(text) ?? [];
    const told = idsOf(text);
    expect(told.length).toBeLessThan(800);
    expect(told).toEqual(
      log.blocks.flatMap(({ number }) => [1, 2].map((at) => `${number}-${at}-00000000-0-0`)).slice(0, told.length),
    );
    expect([told.at(-1), told.at(-1)!.replace('-2-', '-end-')]).toContain(resumeFrom);
  } finally {
    server.close();
  }
});
