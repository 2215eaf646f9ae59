import { z } from 'zod';
import { logLevelSetting, natsSettings, portSetting, privateKeySetting } from '#libs/runtime';

/** Settings of an executor, from environment variables. */
export const ExecutorSettings = z.object({
  ...natsSettings,
  EXECUTOR_CHAIN_ID: z.coerce
    .number({ error: 'must be the chain id of the rollup that this executor runs' })
    .int()
    .min(1)
    .max(Number.MAX_SAFE_INTEGER),
  /** The key that signs votes and state roots wherever the registry lists its address for the role. */
  EXECUTOR_KEY: privateKeySetting,
  /** While a key is rotated: the one that comes, or after it the one that went. */
  EXECUTOR_OTHER_KEY: privateKeySetting.optional(),
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
