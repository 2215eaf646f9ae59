import { nkeys } from '@nats-io/transport-node';

/** A NATS user's key pair: the server's configuration has the public key, the user proves that it has the seed. */
export interface Nkey {
  /** `SU…`: the secret. */
  seed: string;
  /** `U…`. */
  publicKey: string;
}

/** A new user key. */
export function createNkey(): Nkey {
  const pair = nkeys.createUser();
  return { seed: new TextDecoder().decode(pair.getSeed()), publicKey: pair.getPublicKey() };
}
