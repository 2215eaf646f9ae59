import { type DigestSigner } from '#libs/crypto';
import { type NatsConnection, type PriceResult, requestBytes } from '#libs/messaging';
import { commitmentDigest, Price, PRICE_SUBJECT, SignedPrice, sszRoot } from '#libs/protocol';

/** Signs a price as `Commitment("price", root)` in the log's domain and serialises it. */
export function signPrice(logId: Uint8Array, price: Price, signer: DigestSigner): Uint8Array {
  const signature = signer.sign(commitmentDigest(logId, 'price', sszRoot(Price, price)));
  return SignedPrice.serialize({ price, signature });
}

/**
 * Signs a price with the market's price key and submits it.
 *
 * @returns its place in the log once it is durable, or why it was refused
 * @throws MessagingError `NO_ANSWER`
 */
export async function publishPrice(
  connection: NatsConnection,
  logId: Uint8Array,
  price: Price,
  signer: DigestSigner,
  { timeoutMs = 10_000 }: { timeoutMs?: number } = {},
): Promise<PriceResult> {
  const answer = await requestBytes(connection, PRICE_SUBJECT, signPrice(logId, price, signer), { timeoutMs });
  return JSON.parse(new TextDecoder().decode(answer)) as PriceResult;
}
