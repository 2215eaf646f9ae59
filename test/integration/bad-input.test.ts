// Bad input of every kind, through the real sequencer: each gets its own clear error and changes nothing, neither in the
// log nor in any executor's state.
import { parseTransaction, serializeTransaction, type TransactionSerializableEIP1559 } from 'viem';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { LocalSigner, recoverAddress } from '#libs/crypto';
import { publishPrice, signVote, submitTransactions } from '#libs/executor-sdk';
import { JsonRequests, requestBytes } from '#libs/messaging';
import {
  adminSubject,
  bytesToHex,
  commitmentDigest,
  equalBytes,
  type Hex,
  hexToBytes,
  ingressSubject,
  Price,
  PRICE_SUBJECT,
  RegistryAction,
  RegistryChange,
  rootSubject,
  SignedPrice,
  SignedRegistryChange,
  SignedStateRoot,
  StateRoot,
  type Vote,
  voteSubject,
} from '#libs/protocol';
import {
  callRpc,
  devnetKeys,
  type IntentFields,
  JsonRpcError,
  Network,
  OperationsClient,
  signIntent,
  waitFor,
} from '#libs/testkit';
import { expectHolds, takeHistory } from './fixtures/history.js';
import { LogProbe } from './fixtures/log-probe.js';
import { testDirectory } from './fixtures/test-directory.js';
import { DOLLAR, ETHER, type Listed, World } from './fixtures/world.js';

const NONCE_GAP_MS = 300;
const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const FOREIGN = new LocalSigner(devnetKeys.account(8));
const UNKNOWN_ID = `0x${'ab'.repeat(32)}` as const;

const directory = testDirectory('bad-input');
let network: Network;
let world: World;
let probe: LogProbe;
let requests: JsonRequests;
let series: Listed;
/** A write that committed: its nonce is used. */
let written: IntentFields['WriteIntent'];
let round: bigint;
let firstRaw: Hex;
let url: string;
let untouched: unknown;

beforeAll(async () => {
  network = await Network.start({
    dataDir: directory.path,
    env: { LOCKSTEP_NONCE_GAP_MS: String(NONCE_GAP_MS) },
  });
  world = await World.enter(network);
  url = network.rollupUrl(chain(0));
  probe = await LogProbe.open(network);
  requests = new JsonRequests(network.natsUrl);
  round = await world.setPrice(2_400n * DOLLAR);
  series = await world.list([0, 1, 1, 2]);
  written = world.writeIntent(series, 10n * ETHER);
  const { id } = await world.submit('WriteIntent', series, written, world.accounts.slice(0, 2));
  expect(await world.settled(id)).toBe('committed');
  firstRaw = await signed();
  await callRpc(url, 'eth_sendRawTransaction', [firstRaw]);
  await waitFor('executors to have stated their last roots', () => probe.isAtRest(), 10_000);
  untouched = await probe.fingerprint();
});
afterAll(async () => {
  await requests?.close();
  await probe?.close();
  await world?.close();
  await network?.stop();
  directory.remove();
});

const chain = (index: number): number => network.chainIds[index]!;

const tell = (thrown: unknown): { code: number; message: string; data: unknown } => {
  if (!(thrown instanceof JsonRpcError)) throw thrown;
  return { code: thrown.code, message: thrown.message, data: thrown.data };
};

/** The error that a JSON-RPC call gets. */
const errorOf = (method: string, params: unknown, to = url): Promise<ReturnType<typeof tell>> =>
  callRpc(to, method, params).then((result) => expect.unreachable(`answered ${JSON.stringify(result)}`), tell);

const transaction = (over: Partial<TransactionSerializableEIP1559> = {}): TransactionSerializableEIP1559 => ({
  type: 'eip1559',
  chainId: chain(0),
  to: world.accounts[6]!.address,
  value: 1n,
  nonce: 0,
  gas: 21_000n,
  maxFeePerGas: 1_000_000_000n,
  maxPriorityFeePerGas: 1_000_000_000n,
  ...over,
});
const signed = (over: Partial<TransactionSerializableEIP1559> = {}): Promise<Hex> =>
  world.accounts[5]!.signTransaction(transaction(over));

/** A good transaction with other signature values. */
async function resigned(change: (signature: { r: bigint; s: bigint; v: number }) => object): Promise<Hex> {
  const { r, s, yParity, ...rest } = parseTransaction(await signed({ nonce: 1 }));
  const values = change({ r: BigInt(r!), s: BigInt(s!), v: yParity! }) as { r: bigint; s: bigint; v: number };
  const signature = { r: word(values.r), s: word(values.s), yParity: values.v };
  return serializeTransaction({ ...rest, type: 'eip1559' } as TransactionSerializableEIP1559, signature);
}
const word = (value: bigint): Hex => `0x${value.toString(16).padStart(64, '0')}`;

/** An r that is no point's abscissa, so that the signature recovers to nobody. */
function offCurve(s: bigint): bigint {
  const digest = new Uint8Array(32).fill(1);
  for (let r = 2n; ; r++) {
    const signature = hexToBytes(`${word(r)}${word(s).slice(2)}1b`);
    if (!recoverAddress(digest, signature)) return r;
  }
}

describe('bad transactions', () => {
  afterEach(async () => expect(await probe.fingerprint()).toEqual(untouched));

  const cases: [what: string, raw: () => Promise<Hex>, message: string | RegExp][] = [
    ['no bytes', () => Promise.resolve('0x'), /^typed transaction too short|^rlp/],
    ['malformed RLP', () => Promise.resolve('0x02f8'), /^rlp: /],
    ['a list cut short', async () => (await signed({ nonce: 1 })).slice(0, -2) as Hex, /^rlp: /],
    ['a trailing byte', async () => `${await signed({ nonce: 1 })}00`, /^rlp: .*more than one value/],
    [
      'another rollup’s chain id',
      () => signed({ chainId: chain(1) }),
      /^invalid chain id for signer: have 84002 want 84001/,
    ],
    ['a signature of zeros', () => resigned(({ s, v }) => ({ r: 0n, s, v })), /^invalid sender: .*r 0 is out of range/],
    [
      'a signature of nobody',
      () => resigned(({ s, v }) => ({ r: offCurve(s), s, v })),
      /^invalid sender: .*no account/,
    ],
    [
      'a high s',
      () => resigned(({ r, s, v }) => ({ r, s: CURVE_ORDER - s, v: 1 - v })),
      /^invalid sender: .*s \d+ is out of range/,
    ],
    [
      'too little gas',
      () => signed({ nonce: 1, gas: 20_999n }),
      /^intrinsic gas too low: gas 20999, minimum needed 21000/,
    ],
    ['a blob transaction', () => Promise.resolve('0x03c0'), /^transaction type not supported: type 0x03/],
    [
      'more than 128 KiB',
      () => signed({ nonce: 1, gas: 30_000_000n, data: `0x${'00'.repeat(128 * 1024)}` }),
      /^oversized data: transaction size \d+, limit 131072/,
    ],
    ['the same bytes again', () => Promise.resolve(firstRaw), 'already known'],
    ['a nonce too low', () => signed({ value: 2n }), 'nonce too low: next nonce 1, tx nonce 0'],
    ['a nonce far ahead', () => signed({ nonce: 1_000 }), 'nonce gap: expected 1, tx nonce 1000'],
  ];
  test.each(cases)('%s: refused by name over HTTP', async (_what, raw, message) => {
    const error = await errorOf('eth_sendRawTransaction', [await raw()]);
    expect(error).toMatchObject({ code: -32000, message: expect.stringMatching(message) as string });
  });

  test('over NATS each transaction of a message gets its own error, in order', async () => {
    const some = cases.filter(([what]) => what !== 'no bytes' && what !== 'more than 128 KiB');
    const raws = await Promise.all(some.map(([, raw]) => raw()));
    const results = await submitTransactions(world.nats, chain(0), raws.map(hexToBytes), { timeoutMs: 5_000 });
    expect(results).toEqual(
      some.map(([, , message]) => ({ code: -32000, message: expect.stringMatching(message) as string })),
    );
  });

  test('a message on NATS that is no list of transactions is refused as a whole; what is too large or for no rollup, one by one', async () => {
    const ask = (chainId: number, bytes: Uint8Array) =>
      requestBytes(world.nats, ingressSubject(chainId), bytes, { timeoutMs: 5_000 });
    await expect(ask(chain(0), Uint8Array.of(0, 0, 0, 9, 1))).rejects.toMatchObject({ code: 'SERVICE_ERROR' });
    const large = Buffer.concat([Buffer.of(0, 2, 0, 1), Buffer.alloc(131_073)]);
    const tooLarge = { code: -32000, message: expect.stringContaining('oversized data') as string };
    expect(JSON.parse(Buffer.from(await ask(chain(0), large)).toString())).toEqual([tooLarge]);
    const unknown = await ask(84_999, Uint8Array.of(0, 0, 0, 1, 1));
    expect(JSON.parse(Buffer.from(unknown).toString())).toEqual([
      { code: -32602, message: 'no rollup has chain id 84999' },
    ]);
  });

  test('bodies that are no JSON, too large or call what is not there', async () => {
    const post = async (body: string, to = url): Promise<unknown[]> => {
      const response = await fetch(to, { method: 'POST', body });
      const { error } = (await response.json()) as { error: { code: number; message: string } };
      return [response.status, error.code];
    };
    expect(await post('{"jsonrpc":')).toEqual([200, -32700]);
    expect(await post(`"${'x'.repeat(2 * 1024 * 1024)}"`)).toEqual([413, -32600]);
    expect(await post('[]')).toEqual([200, -32600]);
    expect(await post('{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}', `${network.rpcUrl}/1`)).toEqual([404, -32602]);
    expect(await errorOf('eth_mine', [])).toMatchObject({ code: -32601, data: { code: 'METHOD_NOT_FOUND' } });
    expect(await errorOf('eth_sendRawTransaction', ['0xzz'])).toMatchObject({ code: -32602 });
  });
});

describe('bad intents', () => {
  afterEach(async () => expect(await probe.fingerprint()).toEqual(untouched));

  const submit = async (
    over: Partial<IntentFields['ExerciseIntent']>,
    { signers = [1], of = series }: { signers?: number[]; of?: Listed } = {},
  ): Promise<ReturnType<typeof tell>> => {
    const intent = world.exerciseIntent(of, ETHER, over);
    return world
      .submit(
        'ExerciseIntent',
        of,
        intent,
        signers.map((index) => world.accounts[index]!),
      )
      .then(({ id }) => expect.unreachable(`became ${id}`), tell);
  };

  test('a forged, a missing and a superfluous signature', async () => {
    const forged = { message: expect.stringContaining('invalid signature') as string, code: -32000 };
    expect(await submit({}, { signers: [2] })).toMatchObject({
      ...forged,
      data: { code: 'INVALID_SIGNATURE', field: 'holder' },
    });
    expect(await submit({}, { signers: [1, 0] })).toMatchObject({ ...forged, data: { field: 'signatures' } });
    const intent = world.writeIntent(series, ETHER);
    const bySome = world.submit('WriteIntent', series, intent, [world.accounts[0]!, world.accounts[2]!]);
    await expect(bySome).rejects.toMatchObject({ data: { code: 'INVALID_SIGNATURE', field: 'buyer' } });
  });

  test('a signature for another rollup, and one for other contents', async () => {
    const intent = world.exerciseIntent(series, ETHER);
    const holder = world.accounts[1]!;
    const client = new OperationsClient(url, world.logId);
    const elsewhere = await signIntent(holder, world.logId, chain(1), 'ExerciseIntent', intent);
    const more = { ...intent, quantity: 2n * ETHER };
    const other = await signIntent(holder, world.logId, chain(0), 'ExerciseIntent', more);
    for (const signature of [elsewhere, other]) {
      await expect(client.send('ExerciseIntent', intent, [signature])).rejects.toMatchObject({
        data: { code: 'INVALID_SIGNATURE', field: 'holder' },
      });
    }
  });

  test('an unknown series, a past deadline, no quantity', async () => {
    const unknown = { ...series, id: UNKNOWN_ID };
    expect(await submit({}, { of: unknown })).toMatchObject({
      message: 'unknown_series: The registry lists no such option series.',
      data: { code: 'unknown_series', field: 'series' },
    });
    expect(await submit({ deadlineMs: 1n })).toMatchObject({
      data: { code: 'deadline_too_near', field: 'deadlineMs' },
    });
    expect(await submit({ quantity: 0n })).toMatchObject({ data: { code: 'malformed_prepare', field: 'quantity' } });
  });

  test('fields that are missing, unknown or out of range are named', async () => {
    const { nonce, ...rest } = world.exerciseIntent(series, ETHER);
    const texts = Object.fromEntries(Object.entries({ ...rest, nonce }).map(([name, value]) => [name, String(value)]));
    const signature = `0x${'11'.repeat(65)}`;
    const refused = async (change: object): Promise<unknown> =>
      (await errorOf('lockstep_submitExercise', [{ ...texts, ...change }, [signature]])).data;
    expect(await refused({ nonce: undefined })).toEqual({ code: 'INVALID_PARAMS', field: 'nonce' });
    expect(await refused({ premium: '1' })).toEqual({ code: 'INVALID_PARAMS', field: 'premium' });
    expect(await refused({ quantity: '-1' })).toEqual({ code: 'INVALID_PARAMS', field: 'quantity' });
    expect(await refused({ deadlineMs: (2n ** 64n).toString() })).toEqual({
      code: 'INVALID_PARAMS',
      field: 'deadlineMs',
    });
    expect(await refused({ holder: `0x${'00'.repeat(20)}` })).toEqual({ code: 'INVALID_PARAMS', field: 'holder' });
  });

  test('a nonce that is used, with another body: the field that differs and the operation are named', async () => {
    const id = world.idOf('WriteIntent', series, written);
    const again = world.submit('WriteIntent', series, { ...written, quantity: ETHER }, world.accounts.slice(0, 2));
    await expect(again).rejects.toMatchObject({ code: -32000, data: { code: 'NONCE_USED', field: 'quantity', id } });
    const exercise = world.exerciseIntent(series, ETHER, {
      holder: world.accounts[0]!.address,
      nonce: written.nonce,
    });
    const otherKind = world.submit('ExerciseIntent', series, exercise, [world.accounts[0]!]);
    await expect(otherKind).rejects.toMatchObject({ data: { code: 'NONCE_USED', field: 'kind', id } });
  });

  test('the very same intent again is no error: it is the operation that there is', async () => {
    const again = await world.submit('WriteIntent', series, written, world.accounts.slice(0, 2));
    expect(again).toEqual({ id: world.idOf('WriteIntent', series, written), status: 'committed' });
  });
});

describe('bad prices, registry changes and state roots', () => {
  afterEach(async () => expect(await probe.fingerprint()).toEqual(untouched));

  const publish = (over: Partial<Price>, signer = new LocalSigner(devnetKeys.price()), logId = world.logId) => {
    const assets = { underlying: hexToBytes(world.eth), quote: hexToBytes(world.usd) };
    const price = { ...assets, round: round + 1n, price: 2_300n * DOLLAR, observedAtMs: Date.now(), ...over };
    return publishPrice(world.nats, logId, price, signer);
  };

  test('a price by a foreign key, for another log, of an old round, of nothing, of no market, and no price at all', async () => {
    const forged = { code: 'INVALID_SIGNATURE', message: expect.stringContaining('the price key') as string };
    expect(await publish({}, FOREIGN)).toMatchObject(forged);
    expect(await publish({}, undefined, new Uint8Array(32).fill(7))).toMatchObject(forged);
    expect(await publish({ round })).toMatchObject({ code: 'PRICE_ROUND_NOT_NEWER' });
    expect(await publish({ price: 0n })).toMatchObject({ code: 'PRICE_ZERO' });
    expect(await publish({ quote: hexToBytes(world.eth) })).toMatchObject({ code: 'PRICE_UNKNOWN_MARKET' });
    const send = async (bytes: Uint8Array): Promise<unknown> =>
      JSON.parse(Buffer.from(await requestBytes(world.nats, PRICE_SUBJECT, bytes, { timeoutMs: 5_000 })).toString());
    expect(await send(new Uint8Array(7))).toMatchObject({ code: 'MALFORMED' });
    // A price signed as a registry change: a signature for one kind is none for another.
    const price = {
      underlying: hexToBytes(world.eth),
      quote: hexToBytes(world.usd),
      round: round + 1n,
      price: 1n,
      observedAtMs: 0,
    };
    const signature = new LocalSigner(devnetKeys.price()).sign(
      commitmentDigest(world.logId, 'registry', Price.hashTreeRoot(price)),
    );
    expect(await send(SignedPrice.serialize({ price, signature }))).toMatchObject(forged);
  });

  test('a registry change by a foreign key, with a wrong nonce, of nothing that is there, and no change at all', async () => {
    const { changeCount } = await callRpc<{ changeCount: number }>(url, 'lockstep_getRegistry', []);
    const pause = { selector: RegistryAction.SET_ROLLUP_PAUSED, value: { chainId: chain(0), value: true } };
    const change = async (
      key: LocalSigner,
      nonce: number,
      action: RegistryChange['action'] = pause,
    ): Promise<unknown> => {
      const change = { nonce, action };
      const signature = key.sign(commitmentDigest(world.logId, 'registry', RegistryChange.hashTreeRoot(change)));
      const signedChange = bytesToHex(SignedRegistryChange.serialize({ change, signature }));
      return requests.request(adminSubject('registry.change'), { signedChange }, 5_000);
    };
    const registryKey = new LocalSigner(devnetKeys.registry());
    const refused = (code: string): unknown => ({ error: { code, message: expect.any(String) as string } });
    expect(await change(FOREIGN, changeCount)).toEqual(refused('INVALID_SIGNATURE'));
    expect(await change(registryKey, changeCount + 1)).toEqual(refused('REGISTRY_NONCE'));
    expect(await change(registryKey, changeCount - 1)).toEqual(refused('REGISTRY_NONCE'));
    const elsewhere = { ...pause, value: { chainId: 84_999, value: true } };
    expect(await change(registryKey, changeCount, elsewhere)).toEqual(refused('REGISTRY_UNKNOWN_ROLLUP'));
    const again = { selector: RegistryAction.LIST_SERIES, value: series.terms };
    expect(await change(registryKey, changeCount, again)).toEqual(refused('REGISTRY_SERIES_EXISTS'));
    const ask = (data: unknown): Promise<unknown> => requests.request(adminSubject('registry.change'), data, 5_000);
    expect(await ask({ signedChange: '0x00' })).toEqual(refused('MALFORMED'));
    expect(await ask({ signedChange: 7 })).toEqual(refused('INVALID_PARAMS'));
  });

  test('state roots by a foreign key and by another rollup’s never stand in the log', async () => {
    const { header, hash } = world.feed.blocks.get(chain(0))!.at(-1)!;
    const root = new Uint8Array(32).fill(0xee);
    const stateRoot: StateRoot = {
      logId: world.logId,
      chainId: chain(0),
      number: header.number,
      blockHash: hash,
      root,
    };
    const digest = commitmentDigest(world.logId, 'root', StateRoot.hashTreeRoot(stateRoot));
    for (const key of [FOREIGN, new LocalSigner(devnetKeys.executor(1))]) {
      const bytes = SignedStateRoot.serialize({ stateRoot, signature: key.sign(digest) });
      world.nats.publish(rootSubject(chain(0)), bytes);
    }
    world.nats.publish(rootSubject(chain(0)), new Uint8Array(3));
    await world.nats.flush();
    const height = world.feed.height() + 2;
    await waitFor(`block ${height}`, () => world.feed.height() >= height, 10_000);
    expect((await probe.roots()).filter((stated) => equalBytes(stated.root, root))).toEqual([]);
  });
});

test('forged votes, votes for another operation and by another rollup’s key count for nothing; the true one does', async () => {
  const silent = network.executors.get(chain(2))!;
  silent.pause();
  // With a premium the settlement rollup takes part in a write.
  const intent = world.writeIntent(series, ETHER, { premium: DOLLAR });
  const { id } = await world.submit('WriteIntent', series, intent, world.accounts.slice(0, 2));
  const prepare = await probe.prepare(hexToBytes(id));
  const vote: Vote = {
    logId: world.logId,
    prepareBlockHash: prepare.blockHash,
    operationId: hexToBytes(id),
    prepareId: prepare.id,
    chainId: chain(2),
    yes: true,
    reason: 0,
    laneSequence: 0n,
    sharedLaneSequence: 0n,
    stateRoot: new Uint8Array(32),
    clock: [],
  };
  const itsOwn = new LocalSigner(devnetKeys.executor(2));
  const send = (over: Partial<Vote>, key: LocalSigner): void =>
    world.nats.publish(voteSubject(chain(2)), signVote({ ...vote, ...over }, key));
  send({}, FOREIGN);
  send({ yes: false, reason: 5 }, FOREIGN);
  send({}, new LocalSigner(devnetKeys.executor(1)));
  send({}, new LocalSigner(devnetKeys.replica(2)));
  send({ prepareBlockHash: new Uint8Array(32).fill(1) }, itsOwn);
  send({ prepareId: new Uint8Array(32).fill(2) }, itsOwn);
  send({ logId: new Uint8Array(32).fill(3) }, itsOwn);
  send({ chainId: 84_999 }, itsOwn);
  send({ reason: 5 }, itsOwn);
  send({ yes: false, reason: 15 }, itsOwn);
  send({ operationId: hexToBytes(world.idOf('WriteIntent', series, written)) }, itsOwn);
  send({ operationId: hexToBytes(UNKNOWN_ID) }, itsOwn);
  world.nats.publish(voteSubject(chain(2)), new Uint8Array(11));
  const all = { wrong_key: 4, wrong_block: 1, wrong_prepare: 1, foreign_log: 1, not_a_participant: 1, bad_reason: 2 };
  const countOf = (faults: Record<string, number>): number => Object.values(faults).reduce((sum, n) => sum + n, 0);
  await waitFor(
    'every forged vote to be refused',
    async () => countOf(await probe.refusedVotes()) >= countOf(all),
    5_000,
  );
  expect(await probe.refusedVotes()).toEqual(all);
  expect(await world.operation(id)).toMatchObject({ status: 'prepared' });
  silent.resume();
  expect(await world.settled(id)).toBe('committed');
  expect((await world.operation(id))!.votes.map(({ chainId }) => chainId)).toEqual(network.chainIds);
});

test('after all of it the history holds', async () => {
  expectHolds(await takeHistory(world), ['I1', 'I5', 'I9', 'I16', 'I17', 'I19', 'I20', 'I24', 'I32']);
});
