import { describe, expect, it } from 'vitest';
import { SERIES_MAX } from './constants.js';
import {
  type Registry,
  Registry as RegistryType,
  KeyRole,
  RegistryAction,
  type RegistryChange,
  registryRoot,
  type SeriesTerms,
  seriesId,
} from './registry.js';
import { applyRegistryChange, findAsset, findMarket, findPool, findRollup, findSeries } from './registry-change.js';
import { RegistryChangeError } from './registry-change-error.js';
import {
  addressOf,
  CALL_TERMS,
  CHAIN_IDS,
  ETH,
  named,
  PUT_TERMS,
  registry,
  START_TIME_MS,
  USD,
} from './testing/fixtures.js';

const NOW_MS = START_TIME_MS;

const list = (terms: SeriesTerms, nonce = 0): RegistryChange => ({
  nonce,
  action: { selector: RegistryAction.LIST_SERIES, value: terms },
});
const delist = (series: Uint8Array, nonce = 0): RegistryChange => ({
  nonce,
  action: { selector: RegistryAction.DELIST_SERIES, value: series },
});
const setFlag = (
  selector: RegistryAction.SET_ROLLUP_PAUSED | RegistryAction.SET_ROLLUP_QUARANTINED,
  chainId: number,
  value: boolean,
  nonce = 0,
): RegistryChange => ({ nonce, action: { selector, value: { chainId, value } } });

const setKey = (role: KeyRole, previous: Uint8Array, next: Uint8Array, chainId = 0): RegistryChange => ({
  nonce: 0,
  action: { selector: RegistryAction.SET_KEY, value: { role, chainId, previous, next } },
});

/** What was thrown for this change. */
function refusal(change: RegistryChange, before: Registry = registry(), nowMs = NOW_MS): RegistryChangeError {
  try {
    applyRegistryChange(before, change, nowMs);
  } catch (thrown) {
    if (thrown instanceof RegistryChangeError) return thrown;
    throw thrown;
  }
  throw new Error('the change was applied');
}

describe('a registry change that is applied', () => {
  it('lists a series with the terms it carries, and counts', () => {
    const after = applyRegistryChange(registry(), list(PUT_TERMS), NOW_MS);
    expect(after).toEqual({
      ...registry(),
      changeCount: 1,
      series: [...registry().series, { terms: PUT_TERMS, delisted: false }],
    });
    expect(findSeries(after, seriesId(PUT_TERMS))?.terms).toEqual(PUT_TERMS);
  });

  it('delists a series and leaves the others as they are; once more changes nothing but the count', () => {
    const listed = applyRegistryChange(registry(), list(PUT_TERMS), NOW_MS);
    const after = applyRegistryChange(listed, delist(seriesId(CALL_TERMS), 1), NOW_MS);
    expect(after).toEqual({
      ...listed,
      changeCount: 2,
      series: [
        { terms: CALL_TERMS, delisted: true },
        { terms: PUT_TERMS, delisted: false },
      ],
    });
    const again = applyRegistryChange(after, delist(seriesId(CALL_TERMS), 2), NOW_MS);
    expect(again).toEqual({ ...after, changeCount: 3 });
  });

  it.each([
    ['pauses', RegistryAction.SET_ROLLUP_PAUSED, 'paused'],
    ['quarantines', RegistryAction.SET_ROLLUP_QUARANTINED, 'quarantined'],
  ] as const)('%s one rollup and resumes it', (_, selector, flag) => {
    const before = registry();
    const set = applyRegistryChange(before, setFlag(selector, CHAIN_IDS[1], true), NOW_MS);
    const [first, second, third] = before.rollups;
    expect(set).toEqual({ ...before, changeCount: 1, rollups: [first, { ...second, [flag]: true }, third] });
    const reset = applyRegistryChange(set, setFlag(selector, CHAIN_IDS[1], false, 1), NOW_MS);
    expect(reset).toEqual({ ...before, changeCount: 2 });
  });

  it('leaves the registry it was given unchanged, and has another root', () => {
    const changes = [
      list(PUT_TERMS),
      delist(seriesId(CALL_TERMS)),
      setFlag(RegistryAction.SET_ROLLUP_PAUSED, CHAIN_IDS[0], true),
      setFlag(RegistryAction.SET_ROLLUP_QUARANTINED, CHAIN_IDS[2], true),
    ];
    const before = registry();
    const root = registryRoot(before);
    const roots = changes.map((change) => registryRoot(applyRegistryChange(before, change, NOW_MS)));
    expect(before).toEqual(registry());
    expect(RegistryType.hashTreeRoot(before)).toEqual(root);
    expect(new Set([root, ...roots].map(String)).size).toBe(5);
  });

  it('has the root that its value has, not one remembered of another', () => {
    const before = registry();
    registryRoot(before);
    const after = applyRegistryChange(before, setFlag(RegistryAction.SET_ROLLUP_PAUSED, CHAIN_IDS[0], true), NOW_MS);
    expect(registryRoot(after)).toEqual(RegistryType.hashTreeRoot(after));
  });
});

describe('a registry change is refused', () => {
  it('with another number than the next, so none is applied twice', () => {
    const change = setFlag(RegistryAction.SET_ROLLUP_PAUSED, CHAIN_IDS[0], true);
    const after = applyRegistryChange(registry(), change, NOW_MS);
    expect(refusal(change, after).type).toEqual({ code: 'REGISTRY_NONCE', nonce: 0, expected: 1 });
    expect(refusal({ ...change, nonce: 2 }, after).type).toEqual({ code: 'REGISTRY_NONCE', nonce: 2, expected: 1 });
  });

  it.each([RegistryAction.SET_ROLLUP_PAUSED, RegistryAction.SET_ROLLUP_QUARANTINED] as const)(
    'by action %d for a rollup that does not exist, the shared lane included',
    (action) => {
      for (const chainId of [0, 84004]) {
        expect(refusal(setFlag(action, chainId, true)).type).toEqual({ code: 'REGISTRY_UNKNOWN_ROLLUP', chainId });
      }
    },
  );

  it('that delists an unknown series', () => {
    expect(refusal(delist(named('nothing'))).code).toBe('REGISTRY_UNKNOWN_SERIES');
  });

  it('that lists a series twice, also a delisted one', () => {
    expect(refusal(list({ ...CALL_TERMS })).code).toBe('REGISTRY_SERIES_EXISTS');
    const delisted = applyRegistryChange(registry(), delist(seriesId(CALL_TERMS)), NOW_MS);
    expect(refusal(list({ ...CALL_TERMS }, 1), delisted).code).toBe('REGISTRY_SERIES_EXISTS');
  });

  it('that lists more series than a log can hold', () => {
    const [one] = registry().series;
    const full = { ...registry(), series: new Array<typeof one>(SERIES_MAX).fill(one) } as Registry;
    expect(refusal(list(PUT_TERMS), full).type).toEqual({ code: 'REGISTRY_SERIES_FULL', seriesMax: SERIES_MAX });
  });

  const badTerms: [string, Partial<SeriesTerms>, keyof SeriesTerms][] = [
    ['of assets without a market', { underlying: USD, quote: ETH }, 'underlying'],
    ['of an unknown asset', { quote: new Uint8Array(20).fill(1) }, 'underlying'],
    ['with strike zero', { strike: 0n }, 'strike'],
    ['that expires now', { expiryMs: NOW_MS }, 'expiryMs'],
    ['that expired', { expiryMs: NOW_MS - 1 }, 'expiryMs'],
    ['that is European without a window', { isEuropean: true, exerciseWindowMs: 0 }, 'exerciseWindowMs'],
    ['that is American with a window', { isEuropean: false, exerciseWindowMs: 1 }, 'exerciseWindowMs'],
    [
      'whose window ends beyond log time',
      { isEuropean: true, exerciseWindowMs: Number.MAX_SAFE_INTEGER },
      'exerciseWindowMs',
    ],
    ['with unknown positions', { positionChainId: 1 }, 'positionChainId'],
    ['with unknown exposure', { exposureChainId: 1 }, 'exposureChainId'],
    ['with unknown collateral', { collateralChainId: 0 }, 'collateralChainId'],
    ['with unknown settlement', { settlementChainId: 84004 }, 'settlementChainId'],
  ];
  it.each(badTerms)('that lists a series %s', (_, terms, field) => {
    const error = refusal(list({ ...CALL_TERMS, strike: 1n, ...terms }));
    expect(error.type).toEqual({ code: 'REGISTRY_SERIES_TERMS', field });
    expect(error.message).toMatch(/^The series cannot be listed: .+\.$/);
  });

  it('with a sentence that names the value', () => {
    expect(refusal(setFlag(RegistryAction.SET_ROLLUP_PAUSED, 5, true)).message).toContain('5');
    expect(refusal({ ...list(PUT_TERMS), nonce: 9 }).advice).toContain('changeCount');
  });
});

describe('look-ups', () => {
  it('find what is there by value, and nothing else', () => {
    const here = registry();
    const nobody = new Uint8Array(20);
    expect(findRollup(here, CHAIN_IDS[2])).toBe(here.rollups[2]);
    expect(findRollup(here, 1)).toBeUndefined();
    expect(findSeries(here, seriesId({ ...CALL_TERMS }))).toBe(here.series[0]);
    expect(findSeries(here, seriesId(PUT_TERMS))).toBeUndefined();
    expect(findPool(here, addressOf('pool'))).toBe(here.pools[0]);
    expect(findPool(here, nobody)).toBeUndefined();
    expect(findAsset(here, USD.slice())).toBe(here.assets[1]);
    expect(findAsset(here, nobody)).toBeUndefined();
    expect(findMarket(here, ETH, USD)).toBe(here.markets[0]);
    expect(findMarket(here, USD, ETH)).toBeUndefined();
  });
});

describe('SET_KEY', () => {
  const before = registry();
  const next = new Uint8Array(20).fill(0x99);
  const zero = new Uint8Array(20);
  const [sequencer] = before.sequencerKeys;
  const { priceKey } = before.markets[0]!;
  const { chainId, votingKey, replicaKeys } = before.rollups[0]!;
  const [replica] = replicaKeys;
  const after = (role: KeyRole, from: Uint8Array, to: Uint8Array, of = 0): Registry =>
    applyRegistryChange(before, setKey(role, from, to, of), NOW_MS);

  it('puts the new key in the place of the old one, and changes nothing else', () => {
    const { changeCount, ...rest } = after(KeyRole.REGISTRY, before.registryKey, next);
    expect({ ...rest, changeCount: 0 }).toEqual({ ...before, registryKey: next });
    expect(changeCount).toBe(1);
    const { sequencerKeys } = after(KeyRole.SEQUENCER, sequencer!, next);
    expect(sequencerKeys).toEqual([...before.sequencerKeys.slice(1), next]);
    expect(after(KeyRole.PRICE, priceKey, next).markets).toEqual([{ ...before.markets[0]!, priceKey: next }]);
  });

  it('adds and removes sequencer keys, but not the last one', () => {
    const two = after(KeyRole.SEQUENCER, zero, next);
    expect(two.sequencerKeys).toEqual([...before.sequencerKeys, next]);
    const remove = { ...setKey(KeyRole.SEQUENCER, next, zero), nonce: 1 };
    expect(applyRegistryChange(two, remove, NOW_MS).sequencerKeys).toEqual(before.sequencerKeys);
    const one = { ...before, sequencerKeys: [sequencer!] };
    expect(refusal(setKey(KeyRole.SEQUENCER, sequencer!, zero), one).type).toEqual(field('previous'));
    const full = { ...before, sequencerKeys: Array.from({ length: 16 }, (_, n) => new Uint8Array(20).fill(n + 1)) };
    expect(refusal(setKey(KeyRole.SEQUENCER, zero, next), full).type).toEqual(field('next'));
  });

  it('replaces the voting key of one rollup', () => {
    const { rollups } = after(KeyRole.VOTING, votingKey, next, chainId);
    expect(rollups).toEqual([{ ...before.rollups[0]!, votingKey: next }, ...before.rollups.slice(1)]);
  });

  it('adds, replaces and removes replica keys of one rollup, up to eight', () => {
    const replicas = (registry: Registry) => registry.rollups.map((rollup) => rollup.replicaKeys);
    const others = replicas(before).slice(1);
    expect(replicas(after(KeyRole.REPLICA, zero, next, chainId))).toEqual([[replica, next], ...others]);
    expect(replicas(after(KeyRole.REPLICA, replica!, next, chainId))).toEqual([[next], ...others]);
    expect(replicas(after(KeyRole.REPLICA, replica!, zero, chainId))).toEqual([[], ...others]);
    const eight = Array.from({ length: 8 }, (_, n) => new Uint8Array(20).fill(n + 1));
    const full = { ...before, rollups: before.rollups.map((rollup) => ({ ...rollup, replicaKeys: eight })) };
    expect(refusal(setKey(KeyRole.REPLICA, zero, next, chainId), full).type).toEqual(field('next'));
  });

  it('does not change keys of a rollup that is not there', () => {
    const type = { code: 'REGISTRY_UNKNOWN_ROLLUP', chainId: 9 };
    expect(refusal(setKey(KeyRole.VOTING, votingKey, next, 9)).type).toEqual(type);
    expect(refusal(setKey(KeyRole.REPLICA, zero, next, 0)).type).toEqual({ ...type, chainId: 0 });
  });

  const field = (name: string) => ({ code: 'REGISTRY_KEY', field: name });
  it.each([
    ['of no role', setKey(9 as KeyRole, sequencer!, next), 'role'],
    ['that has another role', setKey(KeyRole.REGISTRY, sequencer!, next), 'previous'],
    ['that nobody has', setKey(KeyRole.PRICE, next, new Uint8Array(20).fill(0x98)), 'previous'],
    ['that no sequencer has', setKey(KeyRole.SEQUENCER, next, zero), 'previous'],
    ['by one that signs votes', setKey(KeyRole.PRICE, priceKey, votingKey), 'next'],
    ['by itself', setKey(KeyRole.PRICE, priceKey, priceKey), 'next'],
    ['by none, where there must be one', setKey(KeyRole.REGISTRY, before.registryKey, zero), 'next'],
    ['beside the registry key', setKey(KeyRole.REGISTRY, zero, next), 'previous'],
    ['by none, where there was none', setKey(KeyRole.SEQUENCER, zero, zero), 'next'],
    [
      'of one rollup where another has it',
      setKey(KeyRole.VOTING, votingKey, next, before.rollups[1]!.chainId),
      'previous',
    ],
    [
      'that a replica of another rollup has',
      setKey(KeyRole.REPLICA, replica!, next, before.rollups[1]!.chainId),
      'previous',
    ],
    ['that votes, without another', setKey(KeyRole.VOTING, votingKey, zero, chainId), 'next'],
    ['that votes, beside the one there is', setKey(KeyRole.VOTING, zero, next, chainId), 'previous'],
    ["that votes by a replica's", setKey(KeyRole.VOTING, votingKey, replica!, chainId), 'next'],
    ['of a rollup, where its role has none', setKey(KeyRole.PRICE, priceKey, next, chainId), 'chainId'],
  ])('does not replace a key %s', (_, change, name) => {
    expect(refusal(change).type).toEqual(field(name));
  });
});
