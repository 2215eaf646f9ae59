// Operations across one to four rollups, of every kind of option: what commits changes all rollups, what aborts none.
import { encodeFunctionData } from 'viem';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addressOfPrivateKey } from '#libs/crypto';
import { OPTIONS_MARKET_ABI } from '#libs/options';
import { bytesToHex, type Hex, hexToBytes, RegistryAction, type SeriesTerms } from '#libs/protocol';
import { devnetKeys, Network, type StateJson, waitFor } from '#libs/testkit';
import { expectHolds, takeHistory } from './fixtures/history.js';
import { testDirectory } from './fixtures/test-directory.js';
import { writeTopology } from './fixtures/topology.js';
import { DOLLAR, ETHER, type Listed, MARKET, type Roles, World } from './fixtures/world.js';

const FOURTH = 84_004;
const PREPARE_MS_MAX = 6_000;
const PRICE_ABOVE = 2_500n * DOLLAR;
const PRICE_BELOW = 1_600n * DOLLAR;

const directory = testDirectory('operations');
let network: Network;
let world: World;

beforeAll(async () => {
  network = await Network.start({ dataDir: directory.path, topologyFile: topology() });
  world = await World.enter(network);
});
afterAll(async () => {
  await world?.close();
  await network?.stop();
  directory.remove();
});

/** The devnet with a fourth rollup, and short prepares, so that expired series are cleared soon. */
const topology = (): string =>
  writeTopology(directory.path, (devnet) => {
    const addressOf = (key: Uint8Array): Hex => bytesToHex(addressOfPrivateKey(key));
    const votingKey = addressOf(devnetKeys.executor(3));
    devnet.rollups.push({
      chainId: FOURTH,
      name: 'fourth',
      votingKey,
      replicaKeys: [addressOf(devnetKeys.replica(3))],
    });
    for (const balance of devnet.balances) if (balance.chainIds.length > 1) balance.chainIds.push(FOURTH);
    devnet.prepareMsMax = PREPARE_MS_MAX;
  });

const chain = (index: number): number => network.chainIds[index]!;

/** What an account has available of an asset on all rollups together. */
async function wealth(account: number, asset: Hex): Promise<bigint> {
  const owner = world.accounts[account]!.address;
  const parts = network.chainIds.map((chainId) => world.readMarket<bigint>(chainId, 'balanceOf', [asset, owner]));
  return (await Promise.all(parts)).reduce((sum, part) => sum + part, 0n);
}

/** What writer and holder have of both assets, on all rollups together. */
async function purse(): Promise<Record<'writerEth' | 'writerUsd' | 'holderEth' | 'holderUsd', bigint>> {
  const [writerEth, writerUsd, holderEth, holderUsd] = await Promise.all([
    wealth(0, world.eth),
    wealth(0, world.usd),
    wealth(1, world.eth),
    wealth(1, world.usd),
  ]);
  return { writerEth, writerUsd, holderEth, holderUsd };
}

/** What an account gained in units of the two assets: ETH in ether, USD in dollars, as decimals. */
const gained = (before: Awaited<ReturnType<typeof purse>>, after: typeof before): Record<string, number> => ({
  writerEth: Number(after.writerEth - before.writerEth) / 1e18,
  writerUsd: Number(after.writerUsd - before.writerUsd) / 1e6,
  holderEth: Number(after.holderEth - before.holderEth) / 1e18,
  holderUsd: Number(after.holderUsd - before.holderUsd) / 1e6,
});

const participantsOf = async (id: Hex): Promise<number> => (await world.operation(id))!.participants.length;

/** Log time, ms, as far as a follower has seen it. */
const logTime = (): number => world.feed.blocks.get(chain(0))?.at(-1)?.header.timestamp ?? 0;

interface Kind {
  name: string;
  roles: Roles;
  participants: number;
  terms: Partial<SeriesTerms>;
  /** What exercising 2 ether of it gives, at a price of 2,500 for calls and 1,600 for puts, the strike being 2,000. */
  exercised: Record<string, number>;
}

const NOTHING = { writerEth: 0, writerUsd: 0, holderEth: 0, holderUsd: 0 };
const CASH_CALL = { ...NOTHING, writerEth: -0.4, holderEth: 0.4 };
const CASH_PUT = { ...NOTHING, writerUsd: -800, holderUsd: 800 };
const PHYSICAL_CALL = { writerEth: -2, writerUsd: 4_000, holderEth: 2, holderUsd: -4_000 };
const PHYSICAL_PUT = { writerEth: 2, writerUsd: -4_000, holderEth: -2, holderUsd: 4_000 };

const ONE: Roles = [1, 1, 1, 1];
const TWO: Roles = [0, 0, 2, 2];
const THREE: Roles = [0, 1, 1, 2];
const FOUR: Roles = [0, 1, 2, 3];
const KINDS: Kind[] = [
  { name: 'cash call', roles: ONE, participants: 1, terms: {}, exercised: CASH_CALL },
  { name: 'cash put', roles: TWO, participants: 2, terms: { isPut: true }, exercised: CASH_PUT },
  { name: 'physical call', roles: THREE, participants: 3, terms: { isPhysical: true }, exercised: PHYSICAL_CALL },
  {
    name: 'physical put',
    roles: FOUR,
    participants: 4,
    terms: { isPhysical: true, isPut: true },
    exercised: PHYSICAL_PUT,
  },
];

describe('American options', () => {
  test.each(KINDS)('$name on $participants rollups: written, exercised, closed', async (kind) => {
    await world.setPrice(kind.terms.isPut ? PRICE_BELOW : PRICE_ABOVE);
    const series = await world.list(kind.roles, kind.terms);
    const before = await purse();
    const write = world.writeIntent(series, 5n * ETHER, { premium: 70n * DOLLAR });
    const { id } = await world.submit('WriteIntent', series, write, world.accounts.slice(0, 2));
    expect(await world.settled(id)).toBe('committed');
    expect(await participantsOf(id)).toBe(kind.participants);

    const written = await purse();
    expect(await world.exercise(series, 2n * ETHER)).toBe('committed');
    const exercised = await purse();
    const released: Record<string, number> = kind.terms.isPut ? { writerUsd: 4_000 } : { writerEth: 2 };
    expect(gained(written, exercised)).toEqual(sum(kind.exercised, released));

    expect(await world.closePosition(series, 3n * ETHER, { payment: 30n * DOLLAR })).toBe('committed');
    const all = sum(kind.exercised, { writerUsd: 70 - 30, holderUsd: 30 - 70 });
    expect(gained(before, await purse())).toEqual(all);
    await expectNothingLeft(series);
  });
});

const sum = (a: Record<string, number>, b: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries({ ...NOTHING, ...a }).map(([name, value]) => [name, value + (b[name] ?? 0)]));

/** No long, no short and no collateral of a series is left anywhere. */
async function expectNothingLeft({ id, terms }: Listed): Promise<void> {
  const [backer, holder] = world.accounts.map(({ address }) => address) as [Hex, Hex];
  const left = await Promise.all([
    world.readMarket(terms.positionChainId, 'positionOf', [holder, id, backer]),
    world.readMarket(terms.exposureChainId, 'exposureOf', [id, backer]),
    world.readMarket(terms.collateralChainId, 'collateralOf', [id, backer]),
  ]);
  expect(left).toEqual([
    [0n, 0n],
    [0n, 0n],
    [0n, 0n],
  ]);
}

test('European options: exercised within their window alone, at the first price after expiry; cleared after it', async () => {
  const windowMs = 5_000;
  const expiryMs = Date.now() + 12_000;
  const european = { isEuropean: true, expiryMs, exerciseWindowMs: windowMs };
  const rotated = KINDS.map((kind, index) => ({ ...kind, roles: [FOUR, THREE, TWO, ONE][index]! }));
  const before = await purse();
  const listed: Listed[] = [];
  for (const { roles, terms } of rotated) {
    // Calls with strike 2,000 and puts with strike 3,000 are all in the money at one settlement price.
    const strike = terms.isPut ? 3_000n * DOLLAR : 2_000n * DOLLAR;
    const series = await world.list(roles, { ...terms, ...european, strike });
    listed.push(series);
    expect(await world.write(series, 3n * ETHER)).toBe('committed');
  }
  const early = world.exercise(listed[0]!, ETHER);
  await expect(early).rejects.toMatchObject({ data: { code: 'outside_exercise_window' } });
  expect(await world.closePosition(listed[0]!, ETHER)).toBe('committed');

  await waitFor('expiry by log time', () => logTime() >= expiryMs, 30_000);
  const unpriced = world.exercise(listed[0]!, ETHER);
  await expect(unpriced).rejects.toMatchObject({ data: { code: 'unknown_price_round' } });
  await world.setPrice(PRICE_ABOVE);
  await world.setPrice(PRICE_BELOW); // comes too late to count
  const outcomes = await Promise.all(listed.map((series) => world.exercise(series, ETHER, { maxPriceAgeMs: 0n })));
  expect(outcomes).toEqual(listed.map(() => 'committed'));

  await waitFor('the window’s end by log time', () => logTime() > expiryMs + windowMs, 30_000);
  await expect(world.exercise(listed[0]!, ETHER)).rejects.toMatchObject({ data: { code: 'outside_exercise_window' } });
  const clearedMs = expiryMs + windowMs + PREPARE_MS_MAX;
  await waitFor('a block after the time of clearing', () => logTime() > clearedMs, 30_000);
  await network.waitForHeight(world.feed.height());
  for (const series of listed) await expectNothingLeft(series);
  // 0.2 ETH and 500 USD in cash, 1 ETH against 2,000 USD and 3,000 USD against 1 ETH in kind.
  expect(gained(before, await purse())).toEqual({
    writerEth: -0.2,
    writerUsd: -500 + 2_000 - 3_000,
    holderEth: 0.2,
    holderUsd: 500 - 2_000 + 3_000,
  });
}, 120_000);

describe('what is refused or aborted', () => {
  let call: Listed;

  beforeAll(async () => {
    await world.setPrice(PRICE_ABOVE);
    call = await world.list(FOUR);
    expect(await world.write(call, 10n * ETHER)).toBe('committed');
    // Another holder's options of the same backer: exposure and collateral then cover more than one holder has.
    const other = world.accounts[2]!;
    const intent = world.writeIntent(call, 10n * ETHER, { buyer: other.address });
    const { id } = await world.submit('WriteIntent', call, intent, [world.accounts[0]!, other]);
    expect(await world.settled(id)).toBe('committed');
  });

  const holder = (): World['accounts'][number] => world.accounts[1]!;

  const states = (): Promise<unknown[]> =>
    Promise.all(
      network.chainIds.map(async (chainId) => {
        const json = await network.read<StateJson & Record<string, unknown>>(chainId, 'lockstep_state', [
          { rows: true },
        ]);
        const { balances, positions, exposures, collateral, undecided } = json;
        return { balances, positions, exposures, collateral, undecided };
      }),
    );

  /** Whatever it is, it leaves every account on every rollup as it was (I25). */
  async function changesNothing(act: () => Promise<void>): Promise<void> {
    const before = await states();
    await act();
    expect(await states()).toEqual(before);
  }

  test('for lack of a position, collateral, a premium or a payment a participant says no', async () => {
    const physical = await world.list(THREE, { isPhysical: true });
    expect(await world.write(physical, 6_000n * ETHER)).toBe('committed');
    await changesNothing(async () => {
      const tooMuch = 10n ** 30n;
      expect(await world.exercise(call, 11n * ETHER)).toBe('insufficient_position');
      expect(await world.closePosition(call, 11n * ETHER)).toBe('insufficient_position');
      expect(await world.write(call, tooMuch)).toBe('insufficient_collateral');
      expect(await world.write(call, ETHER, { premium: tooMuch })).toBe('insufficient_payment');
      expect(await world.closePosition(call, ETHER, { payment: tooMuch })).toBe('insufficient_payment');
      // 5,500 at a strike of 2,000 cost 11 million; the holder has 10 million on that rollup.
      expect(await world.exercise(physical, 5_500n * ETHER)).toBe('insufficient_payment');
    });
  });

  /** Acts while a rollup's executor is stopped; it goes on afterwards, whatever came of it. */
  async function whileSilent<T>(chainId: number, act: () => Promise<T>): Promise<T> {
    const silent = network.executors.get(chainId)!;
    silent.pause();
    try {
      return await act();
    } finally {
      silent.resume();
    }
  }

  test('while another operation holds the exposure: insufficient_exposure', async () => {
    // Exposure and collateral on one rollup: it is the exposure that it misses first.
    const series = await world.list(THREE);
    expect(await world.write(series, 10n * ETHER)).toBe('committed');
    await changesNothing(async () => {
      const { positionChainId } = series.terms;
      const stranger = world.accounts[3]!;
      // Without the position's executor the first, by one who has no position, holds the whole exposure for a while.
      const firstId = await whileSilent(positionChainId, async () => {
        const first = world.exerciseIntent(series, 10n * ETHER, { holder: stranger.address });
        const { id: firstId } = await world.submit('ExerciseIntent', series, first, [stranger]);
        const second = world.exerciseIntent(series, ETHER);
        const { id } = await world.submit('ExerciseIntent', series, second, [holder()]);
        const others = network.chainIds.filter((chainId) => chainId !== positionChainId);
        expect(await world.settled(id, others)).toBe('insufficient_exposure');
        return firstId;
      });
      expect(await world.settled(firstId)).toBe('insufficient_position');
    });
  });

  test('without a vote in time: expired; a vote that comes after it changes nothing', async () => {
    await changesNothing(async () => {
      const id = await whileSilent(chain(3), async () => {
        const intent = world.exerciseIntent(call, ETHER, { deadlineMs: world.deadline(2_500) });
        const { id } = await world.submit('ExerciseIntent', call, intent, [holder()]);
        expect(await world.settled(id, network.chainIds.slice(0, 3))).toBe('expired');
        return id;
      });
      expect(await world.settled(id)).toBe('expired');
    });
  });

  test('aborted by an operator while it is undecided, and not after', async () => {
    await changesNothing(async () => {
      const id = await whileSilent(chain(3), async () => {
        const { id } = await world.submit('ExerciseIntent', call, world.exerciseIntent(call, ETHER), [holder()]);
        await world.admin.abortOperation(hexToBytes(id));
        return id;
      });
      expect(await world.settled(id)).toBe('operator_abort');
      await expect(world.admin.abortOperation(hexToBytes(id))).rejects.toThrow();
    });
  });

  test('by the relay, before PREPARE: prices, deadlines and the money the option is in', async () => {
    await changesNothing(async () => {
      const refused = async (over: Parameters<World['exerciseIntent']>[2]): Promise<unknown> =>
        world.exercise(call, ETHER, over).then(
          (outcome) => expect.unreachable(outcome),
          (error: { data: unknown }) => error.data,
        );
      expect(await refused({ maxPriceAgeMs: 0n })).toEqual({ code: 'stale_price', field: 'maxPriceAgeMs' });
      const ahead = { code: 'unknown_price_round', field: 'minPriceRound' };
      expect(await refused({ minPriceRound: 2n ** 63n })).toEqual(ahead);
      expect(await refused({ deadlineMs: 1n })).toEqual({ code: 'deadline_too_near', field: 'deadlineMs' });
      await world.setPrice(PRICE_BELOW);
      expect(await refused({})).toEqual({ code: 'not_in_the_money' });
      await world.setPrice(PRICE_ABOVE);
    });
  });

  test('on a paused rollup: no operation and no transaction; on a quarantined one no operation', async () => {
    const settlement = call.terms.settlementChainId;
    const poke = (): Promise<unknown> =>
      world
        .viem(settlement)
        .wallet.sendTransaction({ account: world.accounts[3]!, to: world.accounts[4]!.address, gas: 21_000n });
    await world.admin.setPaused(settlement, true);
    await expect(world.exercise(call, ETHER)).rejects.toMatchObject({ data: { code: 'rollup_paused' } });
    await expect(poke()).rejects.toThrow(/paused/);
    await world.admin.setPaused(settlement, false);
    await poke();
    await world.admin.setQuarantined(settlement, true);
    await expect(world.exercise(call, ETHER)).rejects.toMatchObject({ data: { code: 'quarantined' } });
    await poke();
    await world.admin.setQuarantined(settlement, false);
    expect(await world.exercise(call, ETHER)).toBe('committed');
  });

  test('a delisted series takes no writes; what was written can be exercised and closed', async () => {
    await world.admin.change({ selector: RegistryAction.DELIST_SERIES, value: hexToBytes(call.id) });
    await expect(world.write(call, ETHER)).rejects.toMatchObject({
      data: { code: 'series_delisted', field: 'series' },
    });
    expect(await world.exercise(call, ETHER)).toBe('committed');
    expect(await world.closePosition(call, ETHER)).toBe('committed');
  });

  test('after the options were transferred away their old holder cannot exercise, the new one can', async () => {
    const { wallet, reads } = world.viem(call.terms.positionChainId);
    const [backer, holder, , , heir] = world.accounts;
    const args = [call.id, backer!.address, heir!.address, 7n * ETHER] as const;
    const data = encodeFunctionData({ abi: OPTIONS_MARKET_ABI, functionName: 'transferOption', args });
    const hash = await wallet.sendTransaction({ account: holder!, to: MARKET, data });
    expect(await reads.waitForTransactionReceipt({ hash })).toMatchObject({ status: 'success' });
    expect(await world.exercise(call, ETHER)).toBe('insufficient_position');
    const intent = world.exerciseIntent(call, ETHER, { holder: heir!.address });
    expect(await world.settled((await world.submit('ExerciseIntent', call, intent, [heir!])).id)).toBe('committed');
  });
});

test('one intent sent many times at once and again later happens once', async () => {
  const series = await world.list(THREE);
  expect(await world.write(series, 2n * ETHER)).toBe('committed');
  const intent = world.exerciseIntent(series, ETHER);
  const send = () => world.submit('ExerciseIntent', series, intent, [world.accounts[1]!]);
  const together = await Promise.all(Array.from({ length: 8 }, send));
  const id = world.idOf('ExerciseIntent', series, intent);
  expect(new Set(together.map((receipt) => receipt.id))).toEqual(new Set([id]));
  expect(await world.settled(id)).toBe('committed');
  expect(await send()).toEqual({ id, status: 'committed' });
  const [position] = await world.readMarket<[bigint, bigint]>(chain(0), 'positionOf', [
    intent.holder,
    series.id,
    intent.backer,
  ]);
  expect(position).toBe(ETHER);
});

test('after all of it the history holds', async () => {
  const looked = [
    'I1',
    'I9',
    'I15',
    'I16',
    'I17',
    'I18',
    'I19',
    'I20',
    'I21',
    'I22',
    'I23',
    'I24',
    'I25',
    'I26',
  ] as const;
  expectHolds(await takeHistory(world), looked);
});
