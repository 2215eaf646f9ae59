import type { NatsConnection } from '#libs/messaging';
import type { Hex } from '#libs/protocol';
import type { Random } from '../plan/random.js';
import type { AttemptLog } from './attempts.js';

/** What load clients share. */
export interface ClientWorld {
  logId: Uint8Array;
  chainIds: readonly number[];
  /** Of every sequencer: clients use any of them. */
  urls: readonly string[];
  nats: NatsConnection;
  attempts: AttemptLog;
  assets: { eth: Hex; usd: Hex };
  pool: Hex;
  /** About where log time stands, ms: what deadlines are measured from. */
  logTimeMs(): number;
  /** A nonce for an intent that nobody has used. */
  freshNonce(): bigint;
}

/** Something that acts until it is told to stop. */
export interface LoadClient {
  /** Acts until {@link stop}; ends when nothing of it is open any more. */
  run(): Promise<void>;
  stop(): void;
}

/** Shorter than what a frozen process takes to come back: then the outcome is unknown, and sent again. */
const ANSWER_MS_MAX = 4_000;

/** One JSON-RPC request over HTTP, single or batch. @throws Error where no answer came */
export async function postJson(url: string, body: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
  });
  return response.json();
}

/** A sequencer's endpoint for a rollup, any of them. */
export const anyUrl = ({ urls }: ClientWorld, random: Random, chainId: number): string =>
  `${random.pick(urls)}/${chainId}`;
