import { z } from 'zod';
import {
  flagSetting,
  logLevelSetting,
  millisecondsSetting,
  natsSettings,
  portSetting,
  privateKeySetting,
} from '#libs/runtime';

const isOrigin = (text: string): boolean => URL.canParse(text) && new URL(text).origin === text;

/** Settings of the admin API, from environment variables. */
export const AdminApiSettings = z.object({
  /** With the rights of its own role: it reads the log and writes the schema `lockstep_admin` alone. */
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// URL' }),
  ...natsSettings,
  ADMIN_HOST: z.string().default('127.0.0.1'),
  ADMIN_PORT: portSetting.default(3000),
  /** Reads need no key: for the devnet alone. */
  LOCKSTEP_ADMIN_OPEN_READS: flagSetting.default(false),
  /** Signs changes of the registry and commands; without it they are refused. */
  REGISTRY_KEY: privateKeySetting.optional(),
  /** Origins whose pages may call this API from a browser, separated by commas. */
  ADMIN_CORS_ORIGINS: z
    .string()
    .default('')
    .transform((text) => text.split(',').map((origin) => origin.trim()))
    .transform((origins) => origins.filter((origin) => origin !== ''))
    .refine((origins) => origins.every(isOrigin), 'must be origins such as https://desk.example.org'),
  /** Requests that one key may send in 10 s, and one address. */
  ADMIN_RATE_KEY_MAX: z.coerce.number().int().min(1).max(1_000_000).default(3_000),
  ADMIN_RATE_ADDRESS_MAX: z.coerce.number().int().min(1).max(1_000_000).default(6_000),
  /** Streams of events that may be open at a time. */
  ADMIN_EVENT_STREAMS_MAX: z.coerce.number().int().min(1).max(10_000).default(256),
  /** Connections to Postgres that answer requests; one more fills the projections. */
  LOCKSTEP_ADMIN_POOL_SIZE: z.coerce.number().int().min(1).max(64).default(4),
  /** How long a statement for a request may take. */
  LOCKSTEP_ADMIN_STATEMENT_MS: millisecondsSetting.default(2_000),
  /** How long an executor or the leader has for an answer. */
  LOCKSTEP_ADMIN_READ_MS: millisecondsSetting.default(1_500),
  LOCKSTEP_LOG_LEVEL: logLevelSetting,
});
export type AdminApiSettings = z.output<typeof AdminApiSettings>;
