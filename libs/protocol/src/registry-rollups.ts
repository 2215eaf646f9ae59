import { bytesToHex, equalBytes } from './bytes.js';
import { ROLLUPS_MAX, SHARED_LANE } from './constants.js';
import type { NewRollup, Registry, Rollup } from './registry.js';
import { RegistryChangeError, unknownRollup } from './registry-change-error.js';
import { isZeroAddress, keysInUse } from './registry-keys.js';

/**
 * What REGISTER_ROLLUP makes of the rollups: one more at the end, so that lane i stays that of the i-th rollup.
 * @throws RegistryChangeError `REGISTRY_ROLLUP_EXISTS`, `REGISTRY_ROLLUPS_FULL`, `REGISTRY_ROLLUP`
 */
export function registerRollup(registry: Registry, added: NewRollup): Rollup[] {
  const { chainId } = added;
  if (registry.rollups.some((rollup) => rollup.chainId === chainId)) {
    throw new RegistryChangeError(
      { code: 'REGISTRY_ROLLUP_EXISTS', chainId },
      `The registry has a rollup with chain id ${chainId} already.`,
      'Take another chain id; a rollup is never removed.',
    );
  }
  if (registry.rollups.length >= ROLLUPS_MAX) {
    throw new RegistryChangeError(
      { code: 'REGISTRY_ROLLUPS_FULL', rollupsMax: ROLLUPS_MAX },
      `The registry has ${ROLLUPS_MAX} rollups, and a log has no room for more.`,
    );
  }
  const wrong = wrongField(registry, added);
  if (wrong) {
    throw new RegistryChangeError(
      { code: 'REGISTRY_ROLLUP', field: wrong[0] },
      `The rollup cannot be registered: ${wrong[1]}.`,
      `Correct ${wrong[0]} and sign the change again.`,
    );
  }
  return [...registry.rollups, { ...added, paused: false, quarantined: false }];
}

/** The rollups with a change of one of them. @throws RegistryChangeError `REGISTRY_UNKNOWN_ROLLUP` */
export function updateRollup({ rollups }: Registry, chainId: number, change: Partial<Rollup>): Rollup[] {
  if (!rollups.some((rollup) => rollup.chainId === chainId)) throw unknownRollup(chainId);
  return rollups.map((rollup) => (rollup.chainId === chainId ? { ...rollup, ...change } : rollup));
}

function wrongField(registry: Registry, added: NewRollup): [keyof NewRollup, string] | null {
  const { chainId, name, votingKey, replicaKeys } = added;
  if (chainId === SHARED_LANE) return ['chainId', `chain id ${SHARED_LANE} stands for the shared lane`];
  if (!isText(name)) return ['name', 'its name is empty, or no UTF-8'];
  const used = keysInUse(registry);
  for (const [index, key] of [votingKey, ...replicaKeys].entries()) {
    const field = index === 0 ? 'votingKey' : 'replicaKeys';
    if (isZeroAddress(key)) return [field, 'the zero address is no key'];
    if (used.some((other) => equalBytes(other, key))) return [field, `${bytesToHex(key)} has a use already`];
    used.push(key);
  }
  return null;
}

function isText(bytes: Uint8Array): boolean {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).length > 0;
  } catch {
    return false;
  }
}
