import { RegistryAction, seriesId } from '#libs/protocol';
import { decodeErrorResult, decodeEventLog, decodeFunctionResult, type Hex } from 'viem';
import { describe, expect, it } from 'vitest';
import { OPTIONS_MARKET_ABI, OPTIONS_MARKET_ADDRESS } from '../index.js';
import {
  address,
  ALICE,
  BOB,
  CAROL,
  CHAINS,
  type Draft,
  ETH,
  FEES,
  FUNDS,
  hexOf,
  Network,
  ONE_ETH,
  ONE_USD,
  OPERATOR,
  POOL,
  terms,
  USD,
} from '../testing/network.js';
import { calldata, transaction, type TransactionFields } from '../testing/transactions.js';
import type { TransactionReceipt } from './block-result.js';

const chainId = CHAINS.position;
const ETH_FUNDS = FUNDS * ONE_ETH;
const USD_FUNDS = FUNDS * 1_000n * ONE_USD;

function send(network: Network, fields: Partial<TransactionFields> & { nonce: number }): TransactionReceipt {
  return block(network, transaction({ chainId, from: ALICE, ...fields }))[0]!;
}
const block = (network: Network, ...drafts: Draft[]) => network.block(drafts).get(chainId)!.receipts;

const read = (
  network: Network,
  functionName: 'balanceOf' | 'heldOf' | 'positionOf' | 'exposureOf' | 'collateralOf' | 'latestPrice',
  ...args: Uint8Array[]
) => {
  const result = network
    .ledger(chainId)
    .call(ALICE, OPTIONS_MARKET_ADDRESS, Buffer.from(calldata(functionName, ...args).slice(2), 'hex'));
  if (!result.ok) return result.reason;
  return decodeFunctionResult({ abi: OPTIONS_MARKET_ABI, functionName, data: hexOf(result.data) });
};

const events = ({ logs }: TransactionReceipt) =>
  logs.map(({ topics, data }) =>
    decodeEventLog({ abi: OPTIONS_MARKET_ABI, topics: topics.map(hexOf) as [Hex, ...Hex[]], data: hexOf(data) }),
  );
const checksummed = (args: unknown) =>
  JSON.parse(
    JSON.stringify(args, (_key, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : typeof value === 'string' ? value.toLowerCase() : value,
    ),
  ) as unknown;

describe('a transaction', () => {
  it('moves an asset, pays its fee and writes an event that viem decodes', () => {
    const network = new Network();
    const receipt = send(network, { nonce: 0, tip: 2n, data: calldata('transfer', USD, BOB, 70n) });
    const intrinsic = 21_000n + gasOf(calldata('transfer', USD, BOB, 70n));
    expect(receipt).toMatchObject({
      status: 'success',
      index: 0,
      laneIndex: 0,
      gasUsed: intrinsic + 30_000n,
      effectiveGasPrice: 2n,
    });
    expect(network.ledger(chainId).balanceOf(BOB, USD)).toEqual({ available: USD_FUNDS + 70n, held: 0n });
    expect(network.ledger(chainId).balanceOf(ALICE, USD)).toEqual({ available: USD_FUNDS - 70n, held: 0n });
    expect(network.ledger(chainId).balanceOf(FEES, ETH).available).toBe(2n * receipt.gasUsed);
    expect(network.ledger(chainId).balanceOf(ALICE, ETH).available).toBe(ETH_FUNDS - 2n * receipt.gasUsed);
    expect(checksummed(events(receipt))).toEqual(
      [{ eventName: 'Transfer', args: { asset: hexOf(USD), from: hexOf(ALICE), to: hexOf(BOB), amount: '70' } }].map(
        checksummed,
      ),
    );
    expect(network.ledger(chainId).nonceOf(ALICE)).toBe(1n);
  });

  it('with value moves the native asset; to the market, or creating a contract, it is reverted', () => {
    const network = new Network();
    const receipt = send(network, { nonce: 0, to: CAROL, value: 5n, data: '0x1234' });
    expect(receipt).toMatchObject({ status: 'success', gasUsed: 21_032n });
    expect(events(receipt)).toMatchObject([{ eventName: 'Transfer', args: { amount: 5n } }]);
    expect(network.ledger(chainId).balanceOf(CAROL, ETH).available).toBe(ETH_FUNDS + 5n);
    expect(send(network, { nonce: 1, to: CAROL })).toMatchObject({ status: 'success', logs: [], gasUsed: 21_000n });
    expect(send(network, { nonce: 2, value: 5n, data: calldata('transfer', USD, BOB, 1n) }).revertReason).toBe(
      'the options market takes no value',
    );
    expect(send(network, { nonce: 3, to: null, data: '0x60' }).revertReason).toMatch('contracts cannot be created');
    expect(send(network, { nonce: 4, to: CAROL, value: ETH_FUNDS }).revertReason).toBe(
      `insufficient balance: have ${ETH_FUNDS - 5n}, need ${ETH_FUNDS}`,
    );
  });

  it.each<[string, string, Partial<TransactionFields>]>([
    [
      'more than is available',
      `insufficient balance: have ${USD_FUNDS}, need ${USD_FUNDS + 1n}`,
      { data: calldata('transfer', USD, BOB, USD_FUNDS + 1n) },
    ],
    ['an unknown asset', `unknown asset ${hexOf(BOB)}`, { data: calldata('transfer', BOB, BOB, 1n) }],
    ['the zero address', 'transfer to the zero address', { data: calldata('transfer', USD, address(0), 1n) }],
    [
      'the market as recipient',
      'the options market holds no assets',
      { data: calldata('transfer', USD, OPTIONS_MARKET_ADDRESS, 1n) },
    ],
    ['an unknown pool', `unknown pool ${hexOf(BOB)}`, { data: calldata('poolDeposit', BOB, USD, 1n) }],
    ['a stranger at the pool', "only the pool's operator withdraws", { data: calldata('poolWithdraw', POOL, USD, 1n) }],
    [
      'an unknown series',
      `unknown series ${hexOf(address(1))}${'01'.repeat(12)}`,
      { data: calldata('transferOption', new Uint8Array(32).fill(1), ALICE, BOB, 1n) },
    ],
    [
      'no such position',
      'insufficient position: have 0, need 1',
      { data: calldata('transferOption', seriesId(terms()), ALICE, BOB, 1n) },
    ],
    ['an unknown function', 'unknown function', { data: '0x12345678' }],
    ['no function', 'unknown function', { data: '0x12' }],
    [
      'a word too many',
      'calldata has 132 bytes, this function takes 100',
      { data: `${calldata('transfer', USD, BOB, 1n)}${'00'.repeat(32)}` },
    ],
    [
      'dirty high bytes',
      'argument 2 is not an address',
      { data: `0x${calldata('transfer', USD, BOB, 1n).slice(2, 74)}01${calldata('transfer', USD, BOB, 1n).slice(76)}` },
    ],
    ['too little gas', 'out of gas', { data: calldata('transfer', USD, BOB, 1n), gas: 50_000n }],
  ])('that fails costs the nonce and the fee alone: %s', (_case, reason, fields) => {
    const network = new Network();
    const expected = new Network();
    const receipt = send(network, { nonce: 0, tip: 3n, ...fields });
    expect(receipt).toMatchObject({ status: 'reverted', logs: [], revertReason: reason });
    const decoded = decodeErrorResult({ abi: OPTIONS_MARKET_ABI, data: hexOf(receipt.revertData!) });
    expect(decoded).toMatchObject({ errorName: 'Error', args: [reason] });
    if (reason === 'out of gas') expect(receipt.gasUsed).toBe(50_000n);
    // The same state as after a transaction that does nothing but pay as much.
    send(expected, { nonce: 0, to: FEES, value: 3n * receipt.gasUsed });
    expect(network.roots()).toEqual(expected.roots());
  });

  it('is counted among the transactions, and among the entries of its lane', () => {
    const network = new Network();
    const stateRoot = { chainId, bytes: Uint8Array.of(5) };
    const [first, second] = [0, 1].map((nonce) => transaction({ chainId, from: ALICE, nonce, to: BOB }));
    const receipts = block(network, network.price(1n, 5n), first!, stateRoot, second!);
    expect(receipts.map(({ sequence, index, laneIndex }) => [sequence, index, laneIndex])).toEqual([
      [2n, 0, 0],
      [4n, 1, 2],
    ]);
  });

  it('may spend its gas limit to the last', () => {
    const data = calldata('transfer', USD, BOB, 1n);
    const gas = 51_000n + gasOf(data);
    const within = (limit: bigint) => send(new Network(), { nonce: 0, data, gas: limit });
    expect(within(gas)).toMatchObject({ status: 'success', gasUsed: gas });
    expect(within(gas - 1n)).toMatchObject({ status: 'reverted', gasUsed: gas - 1n });
  });

  it('pays at most what it has', () => {
    const network = new Network();
    const poor = address(0x77);
    const receipt = send(network, { nonce: 0, from: poor, to: BOB, tip: 9n });
    expect(receipt.status).toBe('success');
    expect(network.ledger(chainId).balanceOf(FEES, ETH).available).toBe(0n);
    send(network, { nonce: 0, to: poor, value: 7n });
    send(network, { nonce: 1, from: poor, to: BOB, tip: 9n });
    expect(network.ledger(chainId).balanceOf(FEES, ETH).available).toBe(7n);
  });

  it('to oneself or of nothing changes no balance, and an emptied balance is no row any more', () => {
    const network = new Network();
    const rows = () =>
      [...network.ledger(chainId).balances()].map(
        ({ slot, owner, available }) => `${slot} ${hexOf(owner)} ${available}`,
      );
    const before = rows();
    send(network, { nonce: 0, data: calldata('transfer', USD, ALICE, 5n) });
    send(network, { nonce: 1, data: calldata('transfer', USD, address(0x99), 0n) });
    expect(rows()).toEqual(before);
    send(network, { nonce: 2, data: calldata('transfer', ETH, address(0x99), ETH_FUNDS) });
    expect(rows()[0]).toBe(`0 ${hexOf(address(0x99))} ${ETH_FUNDS}`);
    expect(rows().length).toBe(before.length);
  });

  it('moves positions and fills and empties pools', () => {
    const network = new Network();
    network.execute(network.writeIntent(terms(), 10n));
    const give = send(network, {
      nonce: 0,
      from: BOB,
      data: calldata('transferOption', seriesId(terms()), ALICE, CAROL, 4n),
    });
    expect(events(give)).toMatchObject([{ eventName: 'OptionTransfer', args: { quantity: 4n } }]);
    expect(read(network, 'positionOf', CAROL, seriesId(terms()), ALICE)).toEqual([4n, 0n]);
    expect(read(network, 'positionOf', BOB, seriesId(terms()), ALICE)).toEqual([6n, 0n]);
    const deposit = send(network, { nonce: 0, data: calldata('poolDeposit', POOL, USD, 8n) });
    expect(events(deposit)).toMatchObject([
      { eventName: 'Transfer' },
      { eventName: 'PoolDeposit', args: { amount: 8n } },
    ]);
    expect(read(network, 'balanceOf', USD, POOL)).toBe(USD_FUNDS + 8n);
    const withdrawal = send(network, { nonce: 0, from: OPERATOR, data: calldata('poolWithdraw', POOL, USD, 9n) });
    expect(events(withdrawal)).toMatchObject([
      { eventName: 'Transfer' },
      { eventName: 'PoolWithdraw', args: { amount: 9n } },
    ]);
    expect(read(network, 'balanceOf', USD, OPERATOR)).toBe(USD_FUNDS + 9n);
  });

  it('with another nonce than the next, for another chain or unreadable halts', () => {
    const halts = (draft: Draft) => expect(() => new Network().block([draft]));
    halts(transaction({ chainId, from: ALICE, nonce: 1 })).toThrow(
      /I5: .* sends nonce 1, its next one is 0 \(block 1, sequence 1\)/,
    );
    halts({ ...transaction({ chainId: 7, from: ALICE, nonce: 0 }), chainId }).toThrow('I31');
    halts({ chainId, bytes: Uint8Array.of(1, 2, 3) }).toThrow('cannot be read');
    halts({ bytes: Uint8Array.of(99) }).toThrow('unknown entry kind 99');
    const network = new Network();
    expect(() => network.block([transaction({ chainId, from: ALICE, nonce: 1 })])).toThrow();
    expect(() => network.ledger(chainId).stateRoot()).toThrow('I15');
  });
});

describe('a read', () => {
  it('shows balances, holds, exposure, collateral and prices', () => {
    const network = new Network();
    const one = terms();
    network.block([network.price(4n, 123n)]);
    network.execute(network.writeIntent(one, 10n));
    expect(read(network, 'latestPrice', ETH, USD)).toEqual([4n, 123n, BigInt(network.timestampMs)]);
    expect(read(network, 'latestPrice', USD, ETH)).toBe('unknown market');
    expect(read(network, 'exposureOf', seriesId(one), ALICE)).toEqual([0n, 0n]);
    expect(read(network, 'collateralOf', new Uint8Array(32), ALICE)).toMatch('unknown series');
    network.prepare(network.closeIntent(one, 3n));
    expect(read(network, 'positionOf', BOB, seriesId(one), ALICE)).toEqual([7n, 3n]);
    expect(read(network, 'balanceOf', BOB, BOB)).toMatch('unknown asset');
    expect(read(network, 'heldOf', ETH, BOB)).toBe(0n);
  });

  it('simulates and estimates without changing anything', () => {
    const network = new Network();
    const ledger = network.ledger(chainId);
    const root = hexOf(ledger.stateRoot());
    const call = { from: ALICE, to: OPTIONS_MARKET_ADDRESS, value: 0n };
    const good = Buffer.from(calldata('transfer', USD, BOB, 1n).slice(2), 'hex');
    const bad = Buffer.from(calldata('transfer', USD, BOB, 2n ** 255n).slice(2), 'hex');
    expect(ledger.call(ALICE, OPTIONS_MARKET_ADDRESS, good)).toMatchObject({ ok: true });
    expect(ledger.call(ALICE, OPTIONS_MARKET_ADDRESS, bad)).toMatchObject({ ok: false });
    const estimate = ledger.estimateGas({ ...call, data: good });
    expect(ledger.estimateGas({ ...call, data: bad })).toMatchObject({ ok: false });
    expect(hexOf(ledger.stateRoot())).toBe(root);
    const receipt = send(network, { nonce: 0, data: calldata('transfer', USD, BOB, 1n) });
    expect(estimate).toEqual({ ok: true, gas: receipt.gasUsed });
  });
});

describe('a registry change', () => {
  it('is in force in the next block', () => {
    const network = new Network();
    const listed = terms({ strike: 1n });
    network.block([network.change(RegistryAction.LIST_SERIES, listed)]);
    expect(network.registry.series.at(-1)?.terms).toEqual(listed);
    const two = [
      network.change(RegistryAction.SET_ROLLUP_PAUSED, { chainId, value: true }),
      network.change(RegistryAction.DELIST_SERIES, seriesId(listed), network.registry.changeCount + 1),
    ];
    network.block(two);
    expect(network.registry.rollups[0]?.paused).toBe(true);
    expect(network.registry.series.at(-1)?.delisted).toBe(true);
  });

  it('with a foreign key or a wrong number halts', () => {
    const change = (nonce?: number, key?: Uint8Array) => {
      const network = new Network();
      return () =>
        network.block([network.change(RegistryAction.SET_ROLLUP_PAUSED, { chainId, value: true }, nonce, key)]);
    };
    expect(change(0, BOB)).toThrow('not signed by the registry key');
    expect(change(1)).toThrow('has number 1, the next one is 0');
  });
});

describe('a price', () => {
  it('with a foreign key, an old round or an unknown market halts', () => {
    const prices = (...drafts: ((network: Network) => Draft)[]) => {
      const network = new Network();
      return () => network.block(drafts.map((draft) => draft(network)));
    };
    expect(prices((network) => network.price(1n, 5n, {}, BOB))).toThrow('not signed by the price key');
    expect(
      prices(
        (network) => network.price(2n, 5n),
        (network) => network.price(2n, 6n),
      ),
    ).toThrow('does not follow round 2');
    expect(prices((network) => network.price(1n, 5n, { quote: BOB }))).toThrow('no market');
    expect(prices((network) => network.price(1n, 0n))).toThrow('is zero');
  });
});

/** EIP-2028. */
function gasOf(data: Hex): bigint {
  return Buffer.from(data.slice(2), 'hex').reduce((gas, byte) => gas + (byte === 0 ? 4n : 16n), 0n);
}
