import type { DigestSigner } from '#libs/crypto';
import { JsonRequests } from '#libs/messaging';
import {
  AdminCommand,
  type AdminCommandName,
  adminSubject,
  bytesToHex,
  commitmentDigest,
  type Hex,
  hexToBytes,
  LockstepError,
  RegistryAction,
  RegistryChange,
  type SeriesTerms,
  seriesId,
  SignedAdminCommand,
  SignedRegistryChange,
} from '#libs/protocol';
import { callRpc } from './json-rpc.js';

const TIMEOUT_MS = 10_000;

/** Where an entry came to stand. */
export interface EntryPlaceJson {
  block: number;
  sequence: string;
}

/** Signs changes of the registry and commands to the sequencers with the registry key, and submits them. */
export class AdminClient {
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

  /** Submits a change as the registry's next one. @throws LockstepError when it is refused */
  async change(action: RegistryChange['action']): Promise<EntryPlaceJson> {
    const { changeCount } = await callRpc<{ changeCount: number }>(this.url, 'lockstep_getRegistry', []);
    const change = { nonce: changeCount, action };
    const digest = commitmentDigest(this.logId, 'registry', RegistryChange.hashTreeRoot(change));
    const signed = SignedRegistryChange.serialize({ change, signature: this.signer.sign(digest) });
    return this.ask('registry.change', { signedChange: bytesToHex(signed) });
  }

  /** Pauses or resumes a rollup: paused, it takes no transactions and no prepares. */
  setPaused(chainId: number, value: boolean): Promise<EntryPlaceJson> {
    return this.change({ selector: RegistryAction.SET_ROLLUP_PAUSED, value: { chainId, value } });
  }

  /** Quarantines or releases a rollup's executor: quarantined, its rollup takes no prepares. */
  setQuarantined(chainId: number, value: boolean): Promise<EntryPlaceJson> {
    return this.change({ selector: RegistryAction.SET_ROLLUP_QUARANTINED, value: { chainId, value } });
  }

  /** Aborts an undecided operation. @throws LockstepError when there is none */
  abortOperation(operationId: Uint8Array): Promise<EntryPlaceJson> {
    return this.ask('operation.abort', this.signedCommand('operation.abort', operationId));
  }

  /** Ends the leader's term, so that a stand-by takes over. */
  transferLeadership(): Promise<{ endedEpoch: number }> {
    return this.ask('leader.transfer', this.signedCommand('leader.transfer'));
  }

  /** Tells nodes that refuse to lead because of their clock that it is right. Nobody answers; see who leads then. */
  async confirmTime(): Promise<void> {
    await this.requests.emit(adminSubject('leader.confirm-time'), this.signedCommand('leader.confirm-time'));
  }

  private signedCommand(name: AdminCommandName, argument: Uint8Array = new Uint8Array(0)): { signedCommand: Hex } {
    const nonce = crypto.getRandomValues(new Uint8Array(32));
    const command = { command: new TextEncoder().encode(name), argument, issuedAtMs: Date.now(), nonce };
    const digest = commitmentDigest(this.logId, 'admin', AdminCommand.hashTreeRoot(command));
    return {
      signedCommand: bytesToHex(SignedAdminCommand.serialize({ command, signature: this.signer.sign(digest) })),
    };
  }

  private async ask<T>(command: string, data: unknown): Promise<T> {
    const answer = await this.requests.request<T | { error: { code: string; message: string } }>(
      adminSubject(command),
      data,
      TIMEOUT_MS,
    );
    if (typeof answer === 'object' && answer !== null && 'error' in answer) {
      const { code, message } = answer.error;
      throw new LockstepError({ code }, message);
    }
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
