import { z } from 'zod';
import { type NatsAccess, natsAccess } from '#libs/messaging';
import { natsSettings, readEnvironment } from '#libs/runtime';

const { NATS_NKEY_SEED, NATS_CA_FILE } = natsSettings;

/** Who an operator is to NATS: as the environment says, nobody where it says nothing. @throws ConfigurationError */
export const natsLogin = (servers: string): NatsAccess =>
  natsAccess({ ...readEnvironment(z.object({ NATS_NKEY_SEED, NATS_CA_FILE }), process.env), NATS_URL: servers });
