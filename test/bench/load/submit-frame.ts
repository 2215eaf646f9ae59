import { submitTransactions } from '#libs/executor-sdk';
import type { NatsConnection } from '#libs/messaging';
import type { Frame } from './lanes.js';

/**
 * Submits a frame and waits until all of it is durable.
 * @throws Error when one was refused: a benchmark of refusals would measure something else
 */
export async function submitFrame(nats: NatsConnection, { chainId, transactions }: Frame): Promise<void> {
  const results = await submitTransactions(
    nats,
    chainId,
    transactions.map(({ raw }) => raw),
  );
  for (const result of results) {
    if ('message' in result) throw new Error(`rollup ${chainId} refused a transaction: ${result.message}`);
  }
}
