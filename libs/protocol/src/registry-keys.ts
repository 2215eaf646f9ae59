import { bytesToHex, equalBytes } from './bytes.js';
import { REPLICA_KEYS_MAX, SEQUENCER_KEYS_MAX } from './constants.js';
import { type KeyChange, KeyRole, type Registry, type Rollup } from './registry.js';
import { RegistryChangeError, unknownRollup } from './registry-change-error.js';

/** What a key change can leave otherwise. */
type KeysOf = Pick<Registry, 'sequencerKeys' | 'registryKey' | 'markets' | 'rollups'>;

/** Roles of which there are several keys, so that one can be added or removed. */
const LISTED = new Set([KeyRole.SEQUENCER, KeyRole.REPLICA]);
/** Roles whose keys belong to one rollup. */
const OF_ROLLUP = new Set([KeyRole.VOTING, KeyRole.REPLICA]);

/**
 * What SET_KEY makes of the registry's keys. A key has one use at a time, over all roles and rollups.
 * @throws RegistryChangeError `REGISTRY_KEY`, `REGISTRY_UNKNOWN_ROLLUP`
 */
export function setKey(registry: Registry, change: KeyChange): Partial<KeysOf> {
  checkKeyChange(registry, change);
  const { role, chainId, previous, next } = change;
  const replace = (key: Uint8Array): Uint8Array => {
    if (!equalBytes(key, previous)) throw unknownKey(change);
    return next;
  };
  switch (role as KeyRole) {
    case KeyRole.SEQUENCER: {
      const sequencerKeys = changeList(registry.sequencerKeys, change, SEQUENCER_KEYS_MAX);
      if (sequencerKeys.length === 0) throw keyError('previous', 'it is the last sequencer key');
      return { sequencerKeys };
    }
    case KeyRole.REGISTRY:
      return { registryKey: replace(registry.registryKey) };
    case KeyRole.PRICE: {
      const { markets } = registry;
      if (!markets.some(({ priceKey }) => equalBytes(priceKey, previous))) throw unknownKey(change);
      return {
        markets: markets.map((market) =>
          equalBytes(market.priceKey, previous) ? { ...market, priceKey: next } : market,
        ),
      };
    }
    case KeyRole.VOTING:
      return changeRollup(registry, chainId, ({ votingKey }) => ({ votingKey: replace(votingKey) }));
    case KeyRole.REPLICA:
      return changeRollup(registry, chainId, ({ replicaKeys }) => ({
        replicaKeys: changeList(replicaKeys, change, REPLICA_KEYS_MAX),
      }));
  }
}

/** Every key that the registry names, whatever for. */
export const keysInUse = ({ sequencerKeys, registryKey, rollups, markets }: Registry): Uint8Array[] => [
  registryKey,
  ...sequencerKeys,
  ...rollups.flatMap(({ votingKey, replicaKeys }) => [votingKey, ...replicaKeys]),
  ...markets.map(({ priceKey }) => priceKey),
];

/** Whether an address is the zero address, which is no key. */
export const isZeroAddress = (address: Uint8Array): boolean => address.every((byte) => byte === 0);

function checkKeyChange(registry: Registry, { role, chainId, previous, next }: KeyChange): void {
  const isAdded = isZeroAddress(previous);
  const isRemoved = isZeroAddress(next);
  if (KeyRole[role] === undefined) throw keyError('role', `there is no role ${role}`);
  if (OF_ROLLUP.has(role)) {
    if (!registry.rollups.some((rollup) => rollup.chainId === chainId)) throw unknownRollup(chainId);
  } else if (chainId !== 0) throw keyError('chainId', 'a key of this role belongs to no rollup');
  if (!LISTED.has(role) && (isAdded || isRemoved)) {
    throw keyError(isAdded ? 'previous' : 'next', 'a key of this role can only be replaced');
  }
  if (isAdded && isRemoved) throw keyError('next', 'it names no key');
  if (!isRemoved && keysInUse(registry).some((key) => equalBytes(key, next))) {
    throw keyError('next', `${bytesToHex(next)} is a key of the registry already`);
  }
}

/** A list of keys without the one that goes, and with the one that comes at its end. */
function changeList(keys: readonly Uint8Array[], change: KeyChange, keysMax: number): Uint8Array[] {
  const { role, previous, next } = change;
  const kept = keys.filter((key) => !equalBytes(key, previous));
  if (!isZeroAddress(previous) && kept.length === keys.length) throw unknownKey(change);
  const changed = isZeroAddress(next) ? kept : [...kept, next];
  if (changed.length > keysMax) throw keyError('next', `there are ${keysMax} ${nameOf(role)} keys`);
  return changed;
}

const changeRollup = (
  { rollups }: Registry,
  chainId: number,
  change: (rollup: Rollup) => Partial<Rollup>,
): { rollups: Rollup[] } => ({
  rollups: rollups.map((rollup) => (rollup.chainId === chainId ? { ...rollup, ...change(rollup) } : rollup)),
});

const nameOf = (role: number): string => KeyRole[role]!.toLowerCase();

const unknownKey = ({ role, chainId, previous }: KeyChange): RegistryChangeError => {
  const whose = OF_ROLLUP.has(role) ? ` of rollup ${chainId}` : '';
  return keyError('previous', `${bytesToHex(previous)} is no ${nameOf(role)} key${whose}`);
};

const keyError = (field: keyof KeyChange, why: string): RegistryChangeError =>
  new RegistryChangeError(
    { code: 'REGISTRY_KEY', field },
    `The key cannot be changed: ${why}.`,
    `Correct ${field} and sign the change again.`,
  );
