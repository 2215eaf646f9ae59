// Shows that a node serves NATS only while it leads: from the first moment on, once, and not after its term; and that
// neither needs a server to be there when it starts or stops.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { connectNats, encodeIngress, JsonRequests, type NatsConnection, requestBytes } from '#libs/messaging';
import { freePort, type NatsServer, startNats, waitFor } from '#libs/testkit';
import type { Sequencer } from './engine/sequencer.js';
import { SilentLogger } from './engine/testing/silent-logger.js';
import { LeaderControl } from './leader-control.js';
import { NatsGateway } from './nats-gateway.js';

const WAIT_MS = 10_000;
let nats: NatsServer;
let client: NatsConnection;
let requests: JsonRequests;
const cleanups: (() => Promise<unknown> | void)[] = [];

beforeAll(async () => {
  nats = await startNats();
  client = await connectNats({ servers: nats.url, name: 'test' });
  requests = new JsonRequests(nats.url);
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});
afterAll(async () => {
  await requests?.close();
  await client?.close();
  await nats?.stop();
});

/** An engine of which only what the traffic needs is there. */
function engine(): { sequencer: Sequencer; answered: number[] } {
  const answered: number[] = [];
  const sequencer = {
    logger: new SilentLogger().port,
    isLeading: true,
    isDraining: false,
    epoch: 7,
    tip: () => ({ number: 1, hash: new Uint8Array(32), timestampMs: 1, nextSequence: 1n }),
    undecidedCount: () => 0,
    disputedRollups: () => [],
    registry: () => ({ changeCount: 0 }),
    executors: { statuses: () => [] },
    transactions: {
      submit: (chainId: number, raws: Uint8Array[]) => {
        answered.push(chainId);
        return Promise.resolve(raws.map((raw) => ({ hash: raw })));
      },
    },
  };
  return { sequencer: sequencer as unknown as Sequencer, answered };
}

const status = (): Promise<{ epoch: number } | null> =>
  requests.request<{ epoch: number }>('admin.status', {}, 2_000).catch(() => null);
const submit = (): Promise<string | null> =>
  requestBytes(client, 'ingress.7', encodeIngress([Uint8Array.of(0xab)]), { timeoutMs: 2_000 })
    .then((bytes) => new TextDecoder().decode(bytes))
    .catch(() => null);

test('commands are answered during a term, by one service however often terms begin, and not after it', async () => {
  const control = new LeaderControl({ servers: nats.url }, engine().sequencer, new SilentLogger().port);
  cleanups.push(() => control.cease());
  expect(await status()).toBeNull();
  control.serve();
  await waitFor('an answer', async () => (await status())?.epoch === 7, WAIT_MS);
  control.cease();
  await waitFor('silence', async () => (await status()) === null, WAIT_MS);
  control.serve();
  control.cease(); // before it was up
  control.serve();
  await waitFor('an answer again', async () => (await status())?.epoch === 7, WAIT_MS);
  let answers = 0;
  const inbox = 'test.answers';
  const subscription = client.subscribe(inbox, { callback: () => void (answers += 1) });
  await waitFor(
    'one answer alone',
    async () => {
      answers = 0;
      client.publish('admin.status', JSON.stringify({ pattern: 'admin.status', data: {}, id: '1' }), { reply: inbox });
      await client.flush();
      await status(); // answered by the same services, after it
      await client.flush();
      return answers === 1;
    },
    WAIT_MS,
  );
  subscription.unsubscribe();
});

test('submissions are answered from when both the term and the connection have begun, and not after the term', async () => {
  const { sequencer, answered } = engine();
  const gateway = new NatsGateway({ servers: nats.url }, sequencer, new SilentLogger().port);
  cleanups.push(() => gateway.stop());
  gateway.serve(); // the term began first
  expect([gateway.isConnected, await submit()]).toEqual([false, null]);
  await gateway.start();
  await waitFor('an answer', async () => (await submit()) === '[{"hash":"0xab"}]', WAIT_MS);
  const before = answered.length;
  gateway.cease();
  await waitFor('silence', async () => (await submit()) === null, WAIT_MS);
  gateway.serve();
  gateway.serve(); // once is enough
  await waitFor('an answer again', async () => (await submit()) === '[{"hash":"0xab"}]', WAIT_MS);
  expect(answered.length).toBe(before + 1);
});

test('a gateway that still waits for NATS stops at once, without an error', async () => {
  const port = await freePort();
  const log = new SilentLogger();
  const gateway = new NatsGateway({ servers: `nats://127.0.0.1:${port}` }, engine().sequencer, log.port);
  const started = gateway.start();
  await waitFor('a line that it waits', () => log.said.length > 0, WAIT_MS);
  await gateway.stop();
  await started;
  expect(log.said).toEqual(['NATS is not there yet; waiting for it']);
});
