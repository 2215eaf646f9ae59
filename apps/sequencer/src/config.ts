import { z } from 'zod';
import {
  flagSetting,
  logLevelSetting,
  millisecondsSetting,
  natsSettings,
  portSetting,
  privateKeySetting,
} from '#libs/runtime';

/** Settings of a sequencer, from environment variables. */
export const SequencerSettings = z.object({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// URL' }),
  ...natsSettings,
  RPC_HOST: z.string().default('127.0.0.1'),
  RPC_PORT: portSetting.default(8545),
  /** Where others reach this sequencer; stands in the leadership row. */
  LOCKSTEP_ADVERTISE_URL: z.url().optional(),
  LOCKSTEP_TOPOLOGY: z.string().default('config/devnet.json'),
  /** The key that signs headers; its address must be a sequencer key of the registry. */
  SEQUENCER_KEY: privateKeySetting,
  /** Whether to bring the database's tables up to date at start. */
  LOCKSTEP_MIGRATE: flagSetting.default(true),
  LOCKSTEP_LOG_LEVEL: logLevelSetting,
  /** How long an early nonce waits for those before it. */
  LOCKSTEP_NONCE_GAP_MS: millisecondsSetting.default(5_000),
  /** A participant whose executor was silent for so long gets no new operations. */
  LOCKSTEP_EXECUTOR_SILENT_MS: millisecondsSetting.default(5_000),
  /** Length of the leader's lease. */
  LOCKSTEP_LEASE_MS: millisecondsSetting.default(3_000),
  LOCKSTEP_RECOVERY_WORKERS: z.coerce.number().int().min(1).max(64).default(2),
  /** Submissions that one block takes at most. */
  LOCKSTEP_BLOCK_SUBMISSIONS_MAX: z.coerce.number().int().min(1).max(65_536).default(4_096),
  /** Submissions that may wait for a block. */
  LOCKSTEP_QUEUE_MAX: z.coerce.number().int().min(1).max(1_000_000).default(32_768),
});
export type SequencerSettings = z.output<typeof SequencerSettings>;
