import type { DigestSigner } from '#libs/crypto';
import { JsonRequests } from '#libs/messaging';
import {
  adminSubject,
  bytesToHex,
  commitmentDigest,
  hexToBytes,
  RegistryAction,
  RegistryChange,
  type SeriesTerms,
  seriesId,
  SignedRegistryChange,
} from '#libs/protocol';
import { callRpc } from './json-rpc.js';

const TIMEOUT_MS = 10_000;

/** Signs changes of the registry with the registry key and submits them. */
export class RegistryClient {
  private readonly requests: JsonRequests;

  /** @param url a rollup's JSON-RPC endpoint, from which the registry is read */
  constructor(
    private readonly url: string,
    natsUrl: string,
    private readonly logId: Uint8Array,
    private readonly signer: DigestSigner,
  ) {
    this.requests = new JsonRequests(natsUrl);
  }

  /** Lists a series. Returns its id, once the change is durable: it is in force from the next block on. */
  async listSeries(terms: SeriesTerms): Promise<Uint8Array> {
    await this.change({ selector: RegistryAction.LIST_SERIES, value: terms });
    return seriesId(terms);
  }

  /** Submits a change as the registry's next one. @throws Error when it is refused */
  async change(action: RegistryChange['action']): Promise<{ block: number; sequence: string }> {
    const { changeCount } = await callRpc<{ changeCount: number }>(this.url, 'lockstep_getRegistry', []);
    const change = { nonce: changeCount, action };
    const digest = commitmentDigest(this.logId, 'registry', RegistryChange.hashTreeRoot(change));
    const signed = SignedRegistryChange.serialize({ change, signature: this.signer.sign(digest) });
    const answer = await this.requests.request<
      { block: number; sequence: string } | { error: { code: string; message: string } }
    >(adminSubject('registry.change'), { signedChange: bytesToHex(signed) }, TIMEOUT_MS);
    if ('error' in answer) throw new Error(answer.error.message);
    return answer;
  }

  async close(): Promise<void> {
    await this.requests.close();
  }
}

/** The log id that a sequencer serves, 32 bytes. */
export async function readLogId(url: string): Promise<Uint8Array> {
  const { logId } = await callRpc<{ logId: string }>(url, 'lockstep_getRegistry', []);
  return hexToBytes(logId);
}
