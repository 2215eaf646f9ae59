import { readFileSync } from 'node:fs';
import { connectNats } from '#libs/messaging';
import type { RightsRequest } from './protocol.js';

const REFUSED = /Permissions Violation for (Publish|Subscription) to "([^"]+)"/i;

/** Tries subjects as a user; gives those that the server refused. What it allows is carried out. */
export async function natsRights({ seedFile, publish, subscribe }: RightsRequest) {
  const refused = { publish: [] as string[], subscribe: [] as string[] };
  const note = (error: Error): void => {
    const [, what, subject] = REFUSED.exec(error.message) ?? [];
    if (subject) refused[what === 'Publish' ? 'publish' : 'subscribe'].push(subject);
  };
  const connection = await connectNats({
    servers: process.env.NATS_URL!,
    nkeySeed: readFileSync(seedFile, 'utf8').trim(),
    name: 'rights',
    firstConnectTimeoutMs: 10_000,
    onStatus: (status) => status.type === 'error' && note(status.error),
  });
  for (const subject of subscribe) connection.subscribe(subject, { callback: (error) => void (error && note(error)) });
  for (const subject of publish) connection.publish(subject, new Uint8Array(1));
  // What it refused, the server says before it answers the ping of a flush.
  await connection.flush();
  await connection.flush();
  await connection.close();
  return { publish: [...new Set(refused.publish)], subscribe: [...new Set(refused.subscribe)] };
}
