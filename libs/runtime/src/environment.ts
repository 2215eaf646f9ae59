import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { LockstepError } from '#libs/protocol';

export interface ConfigurationErrorType {
  code: 'CONFIGURATION';
  setting: string;
}

/** A setting is missing or wrong. */
export class ConfigurationError extends LockstepError<ConfigurationErrorType> {}

/** Settings whose values no message may show. */
const SECRET = /(KEY|SEED|PASSWORD|DATABASE_URL)$/;

/**
 * Reads settings from environment variables by a zod schema; empty variables count as unset. Any setting `X` can also be
 * given by `X_FILE`, the name of a file that holds its value: that is how secrets come into containers.
 *
 * @throws ConfigurationError that names the first setting that is wrong and what it must be; never what a secret is
 */
export function readEnvironment<S extends z.ZodObject>(schema: S, environment: NodeJS.ProcessEnv): z.output<S> {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  for (const setting of Object.keys(schema.shape)) {
    const file = given[`${setting}_FILE`];
    if (file === undefined) continue;
    if (given[setting] !== undefined) throw wrong(setting, `it is given twice, also by ${setting}_FILE`);
    given[setting] = readSetting(setting, file);
  }
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const setting = issue?.path.join('.') ?? 'environment';
  throw wrong(setting, `${issue?.message ?? 'invalid'} (${shownValue(setting, given)})`);
}

function readSetting(setting: string, file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw wrong(`${setting}_FILE`, (error as Error).message, error);
  }
}

function shownValue(setting: string, given: NodeJS.ProcessEnv): string {
  const file = given[`${setting}_FILE`];
  if (file !== undefined) return `it is what ${file} holds`;
  const value = given[setting];
  return value !== undefined && SECRET.test(setting) ? 'not shown' : `it is ${JSON.stringify(value ?? null)}`;
}

const wrong = (setting: string, why: string, cause?: unknown): ConfigurationError =>
  new ConfigurationError(
    { code: 'CONFIGURATION', setting },
    `The setting ${setting} is wrong: ${why}.`,
    `Set the environment variable ${setting} and start again.`,
    { cause },
  );

/** A TCP port; 0 means: any free one. */
export const portSetting = z.coerce.number().int().min(0).max(65_535);
/** A duration in whole ms. */
export const millisecondsSetting = z.coerce.number().int().min(1).max(86_400_000);
/** `1`, `true`, `yes` and their opposites. */
export const flagSetting = z.stringbool();
/** A private key: 32 bytes as 0x hex. Never logged. */
export const privateKeySetting = z.string().regex(/^0x[0-9a-fA-F]{64}$/, 'must be 32 bytes as 0x hex');
/** How to reach NATS, and as whom; `natsAccess` of libs/messaging takes them. */
export const natsSettings = {
  /** One or more servers, separated by commas. */
  NATS_URL: z.string({ error: 'must be the NATS server, such as nats://127.0.0.1:4222' }).min(1),
  /** Seed of the nkey user that this process is to the server. Never logged. */
  NATS_NKEY_SEED: z
    .string()
    .regex(/^SU[A-Z2-7]{56}$/, 'must be the seed of an nkey user, SU…')
    .optional(),
  /** PEM file with the authority of the server's certificate; with it, only TLS is spoken. */
  NATS_CA_FILE: z.string().optional(),
};
export const logLevelSetting = z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info');
