import { LockstepError } from './errors.js';
import type { KeyChange, NewRollup, SeriesTerms } from './registry.js';

export type RegistryChangeErrorType =
  | { code: 'REGISTRY_NONCE'; nonce: number; expected: number }
  | { code: 'REGISTRY_UNKNOWN_ROLLUP'; chainId: number }
  | { code: 'REGISTRY_UNKNOWN_SERIES'; series: string }
  | { code: 'REGISTRY_SERIES_EXISTS'; series: string }
  | { code: 'REGISTRY_SERIES_FULL'; seriesMax: number }
  | { code: 'REGISTRY_SERIES_TERMS'; field: keyof SeriesTerms }
  | { code: 'REGISTRY_KEY'; field: keyof KeyChange }
  | { code: 'REGISTRY_ROLLUP_EXISTS'; chainId: number }
  | { code: 'REGISTRY_ROLLUPS_FULL'; rollupsMax: number }
  | { code: 'REGISTRY_ROLLUP'; field: keyof NewRollup };

/** Why a change of the registry cannot be applied. */
export class RegistryChangeError extends LockstepError<RegistryChangeErrorType> {}

/** The error for a chain id that the registry does not list. */
export const unknownRollup = (chainId: number): RegistryChangeError =>
  new RegistryChangeError(
    { code: 'REGISTRY_UNKNOWN_ROLLUP', chainId },
    `No rollup of the registry has chain id ${chainId}.`,
  );
