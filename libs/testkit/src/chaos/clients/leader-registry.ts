import { setTimeout as delay } from 'node:timers/promises';
import type { DigestSigner } from '#libs/crypto';
import type { NatsAccess } from '#libs/messaging';
import { RegistryAction, type RegistryChange, type SeriesTerms, seriesId } from '#libs/protocol';
import { AdminClient } from '../../client/index.js';

const ATTEMPTS_MAX = 12;
const RETRY_MS = 250;

/**
 * Changes the registry whichever sequencer leads. What a stand-by says of the registry may be a moment old, so a change
 * that was signed with a number that is taken is signed again.
 */
export class LeaderRegistry {
  private readonly clients: AdminClient[];

  /** @param urls JSON-RPC endpoints of a rollup, one of each sequencer */
  constructor(urls: readonly string[], nats: string | NatsAccess, logId: Uint8Array, signer: DigestSigner) {
    this.clients = urls.map((url) => new AdminClient(url, nats, logId, signer));
  }

  /** @throws Error when it was refused so often, or its series is listed already */
  async change(action: RegistryChange['action']): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await this.clients[attempt % this.clients.length]!.change(action);
        return;
      } catch (error) {
        if (attempt >= ATTEMPTS_MAX || isListed(error)) throw error;
      }
      await delay(RETRY_MS);
    }
  }

  /** Lists a series; one that is listed already counts as well. Returns its id. */
  async listSeries(terms: SeriesTerms): Promise<Uint8Array> {
    try {
      await this.change({ selector: RegistryAction.LIST_SERIES, value: terms });
    } catch (error) {
      // An earlier try whose answer was lost.
      if (!isListed(error)) throw error;
    }
    return seriesId(terms);
  }

  async close(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.close()));
  }
}

const isListed = (error: unknown): boolean => error instanceof Error && error.message.includes('is listed already');
