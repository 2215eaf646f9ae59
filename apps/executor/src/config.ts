import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { hexToBytes } from '#libs/protocol';
import { ConfigurationError, logLevelSetting, portSetting, privateKeySetting } from '#libs/runtime';

/** Settings of an executor, from environment variables. */
export const ExecutorSettings = z.object({
  NATS_URL: z.string({ error: 'must be the NATS server, such as nats://127.0.0.1:4222' }).min(1),
  EXECUTOR_CHAIN_ID: z.coerce
    .number({ error: 'must be the chain id of the rollup that this executor runs' })
    .int()
    .min(1)
    .max(Number.MAX_SAFE_INTEGER),
  /** The key that signs votes and state roots; its address must stand in the registry for the role. */
  EXECUTOR_KEY: privateKeySetting.optional(),
  /** A file with the key, instead of EXECUTOR_KEY. */
  EXECUTOR_KEY_FILE: z.string().optional(),
  EXECUTOR_ROLE: z.enum(['voting', 'replica']).default('voting'),
  /** Where state and cursor are kept. */
  LOCKSTEP_DATA_DIR: z.string().default('.lockstep/executor'),
  /** Port of /healthz, /readyz and /metrics; 0 or unset: none. */
  EXECUTOR_HTTP_PORT: portSetting.default(0),
  EXECUTOR_HTTP_HOST: z.string().default('127.0.0.1'),
  /** Replay over HTTP where NATS gives no answer, such as http://127.0.0.1:8545. */
  LOCKSTEP_RPC_URL: z.url({ protocol: /^https?$/, error: 'must be an http:// URL' }).optional(),
  LOCKSTEP_LOG_LEVEL: logLevelSetting,
});
export type ExecutorSettings = z.output<typeof ExecutorSettings>;

/** The executor's private key. @throws ConfigurationError where none is set, or the file holds none */
export function executorKey({ EXECUTOR_KEY, EXECUTOR_KEY_FILE }: ExecutorSettings): Uint8Array {
  if (EXECUTOR_KEY) return hexToBytes(EXECUTOR_KEY);
  const setting = EXECUTOR_KEY_FILE ? 'EXECUTOR_KEY_FILE' : 'EXECUTOR_KEY';
  const fail = (why: string, cause?: unknown): never => {
    throw new ConfigurationError(
      { code: 'CONFIGURATION', setting },
      `The setting ${setting} is wrong: ${why}.`,
      'Set EXECUTOR_KEY to 32 bytes as 0x hex, or EXECUTOR_KEY_FILE to a file that holds them.',
      { cause },
    );
  };
  if (!EXECUTOR_KEY_FILE) return fail('no key is given');
  let text: string;
  try {
    text = readFileSync(EXECUTOR_KEY_FILE, 'utf8').trim();
  } catch (error) {
    return fail((error as Error).message, error);
  }
  if (!privateKeySetting.safeParse(text).success) return fail(`${EXECUTOR_KEY_FILE} does not hold 32 bytes as 0x hex`);
  return hexToBytes(text);
}
