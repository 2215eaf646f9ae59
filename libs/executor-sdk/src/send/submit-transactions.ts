import { encodeIngress, type IngressResult, type NatsConnection, requestBytes } from '#libs/messaging';
import { ingressSubject } from '#libs/protocol';

export interface SubmitTransactionsOptions {
  /** How long to wait until all are durable or refused, in ms. Default 30,000. */
  timeoutMs?: number;
}

/**
 * Submits raw signed transactions to a rollup over NATS, at most 4,096 and 1 MiB at a time.
 *
 * @param raws each the EIP-2718 bytes of a signed transaction
 * @returns for each its hash once it is durable, or why it was refused, in the order given
 * @throws MessagingError `NO_ANSWER`: they may be in the log or not, sending them again is safe; `SERVICE_ERROR`
 */
export async function submitTransactions(
  connection: NatsConnection,
  chainId: number,
  raws: readonly Uint8Array[],
  { timeoutMs = 30_000 }: SubmitTransactionsOptions = {},
): Promise<IngressResult[]> {
  const answer = await requestBytes(connection, ingressSubject(chainId), encodeIngress(raws), { timeoutMs });
  return JSON.parse(new TextDecoder().decode(answer)) as IngressResult[];
}
