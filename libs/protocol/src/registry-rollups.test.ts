// Shows which rollups a registry takes, and where they stand in it.
import { expect, it } from 'vitest';
import { ROLLUPS_MAX } from './constants.js';
import { type NewRollup, type Registry, RegistryAction } from './registry.js';
import { applyRegistryChange } from './registry-change.js';
import { RegistryChangeError } from './registry-change-error.js';
import { addressOf, CHAIN_IDS, PUT_TERMS, registry, START_TIME_MS } from './testing/fixtures.js';

const key = (byte: number): Uint8Array => new Uint8Array(20).fill(byte);
const FOURTH: NewRollup = {
  chainId: 84004,
  name: new TextEncoder().encode('fourth'),
  votingKey: key(0x71),
  replicaKeys: [key(0x72), key(0x73)],
};

const apply = (before: Registry, rollup: NewRollup): Registry => {
  const action = { selector: RegistryAction.REGISTER_ROLLUP, value: rollup };
  return applyRegistryChange(before, { nonce: before.changeCount, action }, START_TIME_MS);
};

function refusal(rollup: NewRollup, before = registry()): RegistryChangeError {
  try {
    apply(before, rollup);
  } catch (thrown) {
    if (thrown instanceof RegistryChangeError) return thrown;
    throw thrown;
  }
  throw new Error('the rollup was registered');
}

it('puts a rollup behind those there are, so that no lane changes its place', () => {
  const before = registry();
  expect(apply(before, FOURTH)).toEqual({
    ...before,
    changeCount: 1,
    rollups: [...before.rollups, { ...FOURTH, paused: false, quarantined: false }],
  });
});

it('lets a series have a role on it at once', () => {
  const terms = { ...PUT_TERMS, settlementChainId: FOURTH.chainId };
  const action = { selector: RegistryAction.LIST_SERIES, value: terms };
  const after = applyRegistryChange(apply(registry(), FOURTH), { nonce: 1, action }, START_TIME_MS);
  expect(after.series.at(-1)!.terms).toBe(terms);
});

it('refuses a chain id that it has, and a rollup beyond the last lane, up to which it takes them', () => {
  const [chainId] = CHAIN_IDS;
  expect(refusal({ ...FOURTH, chainId }).type).toEqual({ code: 'REGISTRY_ROLLUP_EXISTS', chainId });
  let full = registry();
  for (let n = full.rollups.length; n < ROLLUPS_MAX; n++) {
    full = apply(full, { ...FOURTH, chainId: n, votingKey: key(n), replicaKeys: [] });
  }
  expect(full.rollups).toHaveLength(ROLLUPS_MAX);
  const error = refusal(FOURTH, full);
  expect(error.type).toEqual({ code: 'REGISTRY_ROLLUPS_FULL', rollupsMax: ROLLUPS_MAX });
  expect(error.message).toContain('64 rollups');
});

it.each<[string, Partial<NewRollup>, keyof NewRollup]>([
  ["with the shared lane's chain id", { chainId: 0 }, 'chainId'],
  ['without a name', { name: new Uint8Array(0) }, 'name'],
  ['with a name that is no text', { name: Uint8Array.of(0xff) }, 'name'],
  ['without a voting key', { votingKey: key(0) }, 'votingKey'],
  ['with the voting key of another', { votingKey: addressOf(`voting ${CHAIN_IDS[0]}`) }, 'votingKey'],
  ['with the registry key', { replicaKeys: [addressOf('registry')] }, 'replicaKeys'],
  ['with one key twice', { replicaKeys: [FOURTH.votingKey] }, 'replicaKeys'],
  ['with no key for a replica', { replicaKeys: [key(0)] }, 'replicaKeys'],
])('refuses a rollup %s', (_, over, field) => {
  expect(refusal({ ...FOURTH, ...over }).type).toEqual({ code: 'REGISTRY_ROLLUP', field });
});
