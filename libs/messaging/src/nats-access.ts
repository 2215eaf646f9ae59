import { type Authenticator, nkeyAuthenticator, nkeys } from '@nats-io/transport-node';
import type { NatsOptions } from '@nestjs/microservices';

/** How to reach NATS, and as whom. */
export interface NatsAccess {
  /** `nats://host:port`, several in a list or separated by commas. */
  servers: string | string[];
  /** Seed of the nkey that the server knows this process by; without it, no login. */
  nkeySeed?: string | undefined;
  /** PEM file with the authority that signed the server's certificate; with it, only TLS is spoken. */
  caFile?: string | undefined;
}

/** {@link NatsAccess} as nats.js and Nest's transporter take it. */
export interface NatsAccessOptions {
  servers: string[];
  authenticator?: Authenticator;
  inboxPrefix?: string;
  tls?: { caFile: string };
}

/** Pause between tries to connect, in ms. */
export const RETRY_MS = 250;

/**
 * A server that answers none of three pings is dead: noticed within 6 s, also when packets just vanish; one that does not
 * take a connection within 3 s is passed over for the next. Every connection needs these, Nest's own as well: by default
 * it would take six minutes, and 20 s for each lost server of a cluster.
 */
export const NATS_LIVENESS = {
  ...{ pingInterval: 1_500, maxPingOut: 3 },
  ...{ reconnectTimeWait: RETRY_MS, timeout: 3_000 },
} as const;

/**
 * The prefix of the inboxes of an nkey's connections. Its allow-list has this one and nobody else's, so answers can be
 * read by nobody but the asker.
 *
 * @param publicKey of the nkey, as in `UB…`
 */
export const inboxPrefixOf = (publicKey: string): string => `_INBOX_${publicKey}`;

/** What a connection is opened with. @throws Error for a seed that is none */
export function natsAccessOptions({ servers, nkeySeed, caFile }: NatsAccess): NatsAccessOptions {
  const list = (typeof servers === 'string' ? servers.split(',') : servers).map((server) => server.trim());
  const options: NatsAccessOptions = { servers: list.filter(Boolean) };
  if (nkeySeed !== undefined) {
    const seed = new TextEncoder().encode(nkeySeed);
    options.authenticator = nkeyAuthenticator(seed);
    options.inboxPrefix = inboxPrefixOf(nkeys.fromSeed(seed).getPublicKey());
  }
  if (caFile !== undefined) options.tls = { caFile };
  return options;
}

/** Options of Nest's NATS transporter that stays connected for ever. */
export const natsTransport = (access: NatsAccess): NonNullable<NatsOptions['options']> => ({
  ...natsAccessOptions(access),
  maxReconnectAttempts: -1,
  waitOnFirstConnect: true,
  ignoreAuthErrorAbort: true,
  ...NATS_LIVENESS,
});

/** What {@link NatsAccess} is called among the settings: `natsSettings` of libs/runtime. */
export const natsAccess = (settings: {
  NATS_URL: string;
  NATS_NKEY_SEED?: string | undefined;
  NATS_CA_FILE?: string | undefined;
}): NatsAccess => ({
  servers: settings.NATS_URL,
  nkeySeed: settings.NATS_NKEY_SEED,
  caFile: settings.NATS_CA_FILE,
});
