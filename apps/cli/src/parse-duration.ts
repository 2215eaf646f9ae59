import { ConfigurationError } from '#libs/runtime';

const UNITS_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * The ms of a duration such as `90s`, `15m`, `24h` or `30d`; `0s` is one as well.
 * @param setting what it is given by, for the error
 * @throws ConfigurationError
 */
export function parseDuration(text: string, setting: string): number {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (count !== undefined && unit !== undefined) return Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS];
  throw new ConfigurationError(
    { code: 'CONFIGURATION', setting },
    `${JSON.stringify(text)} is no duration.`,
    'Give a number and a unit: s, m, h or d, as in 30d.',
  );
}
