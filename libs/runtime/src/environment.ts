import { z } from 'zod';
import { LockstepError } from '#libs/protocol';

export interface ConfigurationErrorType {
  code: 'CONFIGURATION';
  setting: string;
}

/** A setting is missing or wrong. */
export class ConfigurationError extends LockstepError<ConfigurationErrorType> {}

/**
 * Reads settings from environment variables by a zod schema; empty variables count as unset.
 * @throws ConfigurationError that names the first setting that is wrong and what it must be
 */
export function readEnvironment<S extends z.ZodType>(schema: S, environment: NodeJS.ProcessEnv): z.output<S> {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const setting = issue?.path.join('.') ?? 'environment';
  throw new ConfigurationError(
    { code: 'CONFIGURATION', setting },
    `The setting ${setting} is wrong: ${issue?.message ?? 'invalid'} (it is ${JSON.stringify(environment[setting] ?? null)}).`,
    `Set the environment variable ${setting} and start again.`,
  );
}

/** A TCP port; 0 means: any free one. */
export const portSetting = z.coerce.number().int().min(0).max(65_535);
/** A duration in whole ms. */
export const millisecondsSetting = z.coerce.number().int().min(1).max(86_400_000);
/** `1`, `true`, `yes` and their opposites. */
export const flagSetting = z.stringbool();
/** A private key: 32 bytes as 0x hex. Never logged. */
export const privateKeySetting = z.string().regex(/^0x[0-9a-fA-F]{64}$/, 'must be 32 bytes as 0x hex');
export const logLevelSetting = z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info');
