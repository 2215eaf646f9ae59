// Shows that intents are read as wallets sign them, field by field, and that a client finds in the registry what it
// needs to sign one.
import { hashTypedData } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { recoverAddress } from '#libs/crypto';
import { bytesToHex, EIP712_TYPES, hexToBytes, logId, OperationKind } from '#libs/protocol';
import { FakeBackend } from './fixtures/fake-backend.js';
import { CHAIN_ID, fakeGenesis } from './fixtures/fake-genesis.js';
import { type ErrorAnswer, type RpcServer, startRpcServer } from './fixtures/start-rpc-server.js';
import type { RegistryJson } from './json/registry-json.js';

const backend = new FakeBackend();
let server: RpcServer;
beforeAll(async () => {
  server = await startRpcServer(backend);
});
afterAll(() => server.close());

const call = async (method: string, ...params: unknown[]): Promise<Partial<ErrorAnswer> & { result?: unknown }> =>
  (await server.post({ jsonrpc: '2.0', id: 1, method, params })).json as ErrorAnswer;
const registry = async (): Promise<RegistryJson> => (await call('lockstep_getRegistry')).result as RegistryJson;

const holder = privateKeyToAccount(generatePrivateKey());
const SIGNATURE = `0x${'11'.repeat(64)}1b`;
const exercise = {
  series: `0x${'ab'.repeat(32)}`,
  holder: holder.address,
  backer: `0x${'2'.repeat(40)}`,
  quantity: '1000000000000000000',
  minPriceRound: '0',
  maxPriceAgeMs: 5_000,
  deadlineMs: '0x19aa8f0e1c0',
  nonce: '115792089237316195423570985008687907853269984665640564039457584007913129639935',
} as const;

describe('an intent', () => {
  test('that viem signed with what the registry says is recovered to its signer, under the id answered', async () => {
    const { domain, series } = await registry();
    const [listed] = series;
    const message = {
      ...exercise,
      series: listed!.id,
      quantity: 5n,
      minPriceRound: 1n,
      maxPriceAgeMs: 5_000n,
      deadlineMs: 1_764_000_000_000n,
      nonce: 0n,
    } as const;
    const typedData = {
      domain: { ...domain, chainId: listed!.positionChainId },
      types: { ExerciseIntent: EIP712_TYPES.ExerciseIntent },
      primaryType: 'ExerciseIntent',
      message,
    } as const;
    const signature = await holder.signTypedData(typedData);
    const stated = Object.fromEntries(Object.entries(message).map(([name, value]) => [name, String(value)]));
    const answer = await call('lockstep_submitExercise', stated, [signature]);
    expect(answer.result).toEqual({ id: hashTypedData(typedData), status: 'prepared' });
    const { signatures } = backend.intents.at(-1)!;
    const signer = recoverAddress(hexToBytes(hashTypedData(typedData)), signatures[0]!);
    expect(signer && bytesToHex(signer)).toBe(holder.address.toLowerCase());
  });

  test('takes integers as decimal text, hex and numbers, to the last bit', async () => {
    await call('lockstep_submitExercise', exercise, [SIGNATURE]);
    expect(backend.intents.at(-1)!.intent).toMatchObject({
      selector: OperationKind.exercise,
      value: { quantity: 10n ** 18n, maxPriceAgeMs: 5_000n, deadlineMs: 0x19aa8f0e1c0n, nonce: 2n ** 256n - 1n },
    });
  });

  test('of each kind goes to the sequencer as that kind; v 0 and 1 become 27 and 28', async () => {
    const { series, backer, quantity, deadlineMs, nonce } = exercise;
    const rest = { series, backer, quantity, deadlineMs, nonce };
    const write = { ...rest, writer: holder.address, buyer: `0x${'3'.repeat(40)}`, premium: '1' };
    await call('lockstep_submitWrite', write, [`${SIGNATURE.slice(0, -2)}00`, `${SIGNATURE.slice(0, -2)}01`]);
    expect(backend.intents.at(-1)!.intent.selector).toBe(OperationKind.write);
    expect(backend.intents.at(-1)!.signatures.map((signature) => signature[64])).toEqual([27, 28]);
    await call('lockstep_submitClose', { ...rest, holder: holder.address, payment: '1' }, [SIGNATURE]);
    expect(backend.intents.at(-1)!.intent.selector).toBe(OperationKind.close);
  });

  const without = (name: keyof typeof exercise): object =>
    Object.fromEntries(Object.entries(exercise).filter(([field]) => field !== name));
  test.each([
    ['intent', undefined],
    ['intent', []],
    ['intent', 'x'],
    ['series', without('series')],
    ['nonce', without('nonce')],
    ['premium', { ...exercise, premium: '1' }],
    ['toString', { ...exercise, toString: 1 }],
    ['series', { ...exercise, series: exercise.backer }],
    ['series', { ...exercise, series: `0x${'00'.repeat(32)}` }],
    ['holder', { ...exercise, holder: `0x${'00'.repeat(20)}` }],
    ['holder', { ...exercise, holder: holder.address.slice(2) }],
    ['quantity', { ...exercise, quantity: '-1' }],
    ['quantity', { ...exercise, quantity: '1.5' }],
    ['quantity', { ...exercise, quantity: '1e18' }],
    ['quantity', { ...exercise, quantity: 1e18 }],
    ['quantity', { ...exercise, quantity: 1.5 }],
    ['quantity', { ...exercise, quantity: '01' }],
    ['quantity', { ...exercise, quantity: '' }],
    ['quantity', { ...exercise, quantity: null }],
    ['quantity', { ...exercise, quantity: true }],
    ['nonce', { ...exercise, nonce: (2n ** 256n).toString() }],
    ['deadlineMs', { ...exercise, deadlineMs: (2n ** 64n).toString() }],
    ['minPriceRound', { ...exercise, minPriceRound: `0x1${'0'.repeat(16)}` }],
    ['nonce', { ...exercise, nonce: '9'.repeat(100_000) }],
  ])('with a bad field %s is refused: %#', async (field, intent) => {
    const before = backend.intents.length;
    const { error } = await call('lockstep_submitExercise', intent, [SIGNATURE]);
    expect(error).toMatchObject({ code: -32602, data: { code: 'INVALID_PARAMS', field } });
    expect(error!.message).toContain(field);
    expect(error!.message.length).toBeLessThan(300);
    expect(backend.intents).toHaveLength(before);
  });

  test.each([
    undefined,
    [],
    SIGNATURE,
    [SIGNATURE.slice(0, -2)],
    [`${SIGNATURE}00`],
    [`${SIGNATURE.slice(0, -2)}1d`],
    [null],
    Array.from({ length: 5 }, () => SIGNATURE),
  ])('with bad signatures is refused: %#', async (signatures) => {
    const { error } = await call('lockstep_submitExercise', exercise, signatures);
    expect(error).toMatchObject({ code: -32602, data: { code: 'INVALID_PARAMS' } });
    expect(error!.data.field).toContain('signatures');
  });

  test('that the sequencer refuses gets its code, field and words', async () => {
    const { error } = await call('lockstep_submitExercise', { ...exercise, nonce: 13 }, [SIGNATURE]);
    expect(error).toEqual({
      code: -32000,
      message: 'nonce 13 is used',
      data: { code: 'NONCE_USED', field: 'quantity' },
    });
  });
});

test('the registry is JSON, on every rollup the same', async () => {
  expect(await registry()).toMatchObject({
    logId: bytesToHex(logId(fakeGenesis)),
    domain: { name: 'Lockstep', version: '1', salt: bytesToHex(logId(fakeGenesis)) },
    changeCount: 1,
    rollups: [{ chainId: CHAIN_ID, name: `rollup ${CHAIN_ID}`, paused: false }, { chainId: CHAIN_ID + 1 }],
    assets: [{ symbol: 'ETH', decimals: 18 }],
    series: [{ strike: '3000000000000000000000', positionChainId: CHAIN_ID, delisted: false }],
  });
});

test('an operation that is not known is null', async () => {
  expect(await call('lockstep_getOperation', `0x${'1'.repeat(64)}`)).toMatchObject({ result: null });
});
