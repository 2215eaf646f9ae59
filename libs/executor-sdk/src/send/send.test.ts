import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { recoverAddress } from '#libs/crypto';
import { connectNats, IngressServer, type NatsConnection, PriceServer, subscribeBytes } from '#libs/messaging';
import { commitmentDigest, SignedPrice, SignedStateRoot, SignedVote, StateRoot, Vote } from '#libs/protocol';
import { type NatsServer, startNats } from '#libs/testkit';
import { testSigner } from '../testing/test-genesis.js';
import { publishPrice } from './publish-price.js';
import { RootPublisher } from './root-publisher.js';
import { signVote } from './sign-vote.js';
import { type ExecutorStatus, StatusPublisher } from './status-publisher.js';
import { submitTransactions } from './submit-transactions.js';
import { VoteSender } from './vote-sender.js';

const CHAIN = 7;
const logId = new Uint8Array(32).fill(5);
const signer = testSigner('voting 7');

let nats: NatsServer;
let server: NatsConnection;
let client: NatsConnection;
/** What came on the subject that the test at hand looks at. */
const received: Uint8Array[] = [];
let watched = `vote.${CHAIN}`;
let changed = (): void => undefined;

beforeAll(async () => {
  nats = await startNats();
  server = await connectNats({ servers: nats.url, name: 'server' });
  client = await connectNats({ servers: nats.url, name: 'client' });
  for (const subject of [`vote.${CHAIN}`, `root.${CHAIN}`, `status.${CHAIN}`]) {
    subscribeBytes(server, subject, (bytes) => {
      if (subject === watched) received.push(bytes);
      changed();
    });
  }
  await server.flush();
});
afterEach(() => void received.splice(0));
afterAll(async () => {
  await Promise.all([server.close(), client.close()]);
  await nats.stop();
});

async function receivedCount(count: number): Promise<void> {
  while (received.length < count) await new Promise<void>((resolve) => (changed = resolve));
}

const vote = (n: number): Vote => ({
  logId,
  prepareBlockHash: new Uint8Array(32).fill(n),
  operationId: new Uint8Array(32).fill(n),
  prepareId: new Uint8Array(32).fill(n),
  chainId: CHAIN,
  yes: true,
  reason: 0,
  laneSequence: 4n,
  sharedLaneSequence: 2n,
  stateRoot: new Uint8Array(32),
  clock: [],
});
const pending = (n: number, deadlineMs = 1000) => ({
  operationId: vote(n).operationId,
  deadlineMs,
  bytes: signVote(vote(n), signer),
});

describe('votes', () => {
  afterEach(() => server.flush());

  it('are signed the same way every time, by the key that is given', () => {
    expect(signVote(vote(1), signer)).toEqual(signVote(vote(1), signer));
    const { vote: sent, signature } = SignedVote.deserialize(signVote(vote(1), signer));
    expect(recoverAddress(commitmentDigest(logId, 'vote', Vote.hashTreeRoot(sent)), signature)).toEqual(signer.address);
  });

  it('are sent until they are told to be decided, always the same bytes', async () => {
    const sender = new VoteSender(client, { chainId: CHAIN, resendMs: 10 });
    sender.add(pending(1));
    await receivedCount(4);
    expect(received.every((bytes) => Buffer.compare(bytes, pending(1).bytes) === 0)).toBe(true);
    sender.decided(pending(1).operationId);
    expect(sender.undecided).toBe(0);
    sender.stop();
  });

  it('are sent until their deadline lies in the past of log time, not at it', () => {
    const sender = new VoteSender(client, { chainId: CHAIN, resendMs: 1e6 });
    sender.add(pending(1, 1000));
    sender.passTime(1000);
    expect(sender.undecided).toBe(1);
    sender.passTime(1001);
    expect(sender.undecided).toBe(0);
    sender.stop();
  });

  it('are sent again when a leader asks', async () => {
    const sender = new VoteSender(client, { chainId: CHAIN, resendMs: 1e6 });
    await client.flush();
    sender.add(pending(1));
    sender.add(pending(2));
    await receivedCount(2);
    server.publish(`vote.request.${CHAIN}`);
    await receivedCount(4);
    sender.stop();
  });
});

describe('state roots', () => {
  beforeAll(() => void (watched = `root.${CHAIN}`));

  it('are published when something changed, and not more often than allowed', async () => {
    const publisher = new RootPublisher(client, { logId, chainId: CHAIN, intervalMs: 1e6 });
    const block = (number: number, changed: boolean) => ({
      number,
      hash: new Uint8Array(32).fill(number),
      changed,
      signer,
      isLive: true,
    });
    const root = new Uint8Array(32).fill(7);
    const never = (): never => expect.unreachable();
    expect(publisher.applied(block(1, false), never)).toBeNull();
    expect(publisher.applied(block(2, true), () => root)).toEqual(root);
    expect(publisher.applied(block(3, true), never)).toBeNull();
    await receivedCount(1);
    const { stateRoot, signature } = SignedStateRoot.deserialize(received[0]!);
    expect(stateRoot).toEqual({ logId, chainId: CHAIN, number: 2, blockHash: block(2, true).hash, root });
    const digest = commitmentDigest(logId, 'root', StateRoot.hashTreeRoot(stateRoot));
    expect(recoverAddress(digest, signature)).toEqual(signer.address);
  });

  it('of a change within the pause come with the next block after it', () => {
    const publisher = new RootPublisher(client, { logId, chainId: CHAIN, intervalMs: 0 });
    const hash = new Uint8Array(32);
    expect(publisher.applied({ number: 1, hash, changed: true, signer, isLive: false }, () => hash)).toBeNull();
    expect(publisher.applied({ number: 1, hash, changed: true, signer, isLive: true }, () => hash)).not.toBeNull();
    expect(publisher.applied({ number: 2, hash, changed: false, signer, isLive: true }, () => hash)).toBeNull();
  });

  it('of a block in which no key of ours was in force wait for one in which one is', () => {
    const publisher = new RootPublisher(client, { logId, chainId: CHAIN, intervalMs: 0 });
    const block = { hash: new Uint8Array(32), isLive: true };
    const never = (): never => expect.unreachable();
    expect(publisher.applied({ ...block, number: 1, changed: true, signer: null }, never)).toBeNull();
    expect(publisher.applied({ ...block, number: 2, changed: false, signer }, () => block.hash)).not.toBeNull();
  });
});

describe('other messages', () => {
  beforeAll(() => void (watched = `status.${CHAIN}`));

  it('status goes out at once and then regularly, as an event of the JSON transporter', async () => {
    const status: ExecutorStatus = {
      chainId: CHAIN,
      role: 'voting',
      key: '0x',
      number: 1,
      hash: '0x',
      laneSequences: { own: '1', shared: '0' },
      stateRoot: null,
      rootNumber: null,
      clock: [],
      lag: { blocks: 0, ms: 0 },
      startedAtMs: 1,
      version: '0',
      state: 'following',
    };
    const publisher = new StatusPublisher(client, () => status, 20);
    await receivedCount(3);
    publisher.stop();
    expect(JSON.parse(Buffer.from(received[0]!).toString())).toEqual({ pattern: `status.${CHAIN}`, data: status });
  });

  it('transactions and prices get their answers', async () => {
    const ingress = new IngressServer(server, {
      submit: (chainId, raws) => Promise.resolve(raws.map((raw) => ({ hash: `${chainId}:${raw.length}` }))),
    });
    const prices = new PriceServer(server, (bytes) =>
      Promise.resolve({ block: 3, sequence: String(SignedPrice.deserialize(bytes).price.round) }),
    );
    await server.flush();
    const raws = [Uint8Array.of(1), Uint8Array.of(1, 2)];
    expect(await submitTransactions(client, CHAIN, raws)).toEqual([{ hash: '7:1' }, { hash: '7:2' }]);
    const price = { underlying: new Uint8Array(20), quote: new Uint8Array(20), round: 9n, price: 1n, observedAtMs: 1 };
    expect(await publishPrice(client, logId, price, signer)).toEqual({ block: 3, sequence: '9' });
    ingress.stop();
    prices.stop();
  });
});
