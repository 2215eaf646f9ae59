import type { DigestSigner } from '#libs/crypto';
import {
  type CommandPlaceJson,
  CommandRefusedError,
  CommandSender,
  JsonRequests,
  type NatsAccess,
  signAdminCommand,
  signRegistryChange,
} from '#libs/messaging';
import {
  type AdminCommandName,
  hexToBytes,
  type NewRollup,
  RegistryAction,
  type RegistryChange,
  type SeriesTerms,
  seriesId,
} from '#libs/protocol';
import { callRpc } from './json-rpc.js';

/** How often a change is numbered anew, and how long a stand-by needs to read what the leader wrote. */
const CHANGE_ATTEMPTS = 10;
const STANDBY_BEHIND_MS = 200;

/** Signs changes of the registry and commands to the sequencers with the registry key, and submits them. */
export class AdminClient {
  private readonly requests: JsonRequests;
  private readonly sender: CommandSender;

  /** @param url a rollup's JSON-RPC endpoint, from which the registry is read */
  constructor(
    private readonly url: string,
    nats: string | NatsAccess,
    private readonly logId: Uint8Array,
    private readonly signer: DigestSigner,
  ) {
    this.requests = new JsonRequests(nats);
    this.sender = new CommandSender(this.requests);
  }

  /** Lists a series. Returns its id, once the change is durable: it is in force from the next block on. */
  async listSeries(terms: SeriesTerms): Promise<Uint8Array> {
    await this.change({ selector: RegistryAction.LIST_SERIES, value: terms });
    return seriesId(terms);
  }

  /**
   * Submits a change as the registry's next one. The registry may come from a stand-by, which follows the leader by a
   * moment, or somebody else's change may be faster; then it is read again: a change with a number that is taken has no
   * effect. @throws CommandRefusedError
   */
  async change(action: RegistryChange['action']): Promise<CommandPlaceJson> {
    for (let attempt = 1; ; attempt++) {
      const { changeCount } = await readRegistry(this.url);
      try {
        const signed = signRegistryChange(this.logId, this.signer, { nonce: changeCount, action });
        return await this.sender.changeRegistry(signed);
      } catch (thrown) {
        const isTaken = thrown instanceof CommandRefusedError && thrown.code === 'REGISTRY_NONCE';
        if (!isTaken || attempt === CHANGE_ATTEMPTS) throw thrown;
        await new Promise((resolve) => setTimeout(resolve, STANDBY_BEHIND_MS));
      }
    }
  }

  /** Registers a rollup: from the next block on it has a lane. */
  registerRollup(rollup: NewRollup): Promise<CommandPlaceJson> {
    return this.change({ selector: RegistryAction.REGISTER_ROLLUP, value: rollup });
  }

  /** Pauses or resumes a rollup: paused, it takes no transactions and no prepares. */
  setPaused(chainId: number, value: boolean): Promise<CommandPlaceJson> {
    return this.change({ selector: RegistryAction.SET_ROLLUP_PAUSED, value: { chainId, value } });
  }

  /** Quarantines or releases a rollup's executor: quarantined, its rollup takes no prepares. */
  setQuarantined(chainId: number, value: boolean): Promise<CommandPlaceJson> {
    return this.change({ selector: RegistryAction.SET_ROLLUP_QUARANTINED, value: { chainId, value } });
  }

  /** Aborts an undecided operation. @throws CommandRefusedError when there is none */
  abortOperation(operationId: Uint8Array): Promise<CommandPlaceJson> {
    return this.sender.command('operation.abort', this.sign('operation.abort', operationId));
  }

  /** Drains the intake, or resumes it: drained, no new submissions are taken and everything else goes on. */
  setDraining(value: boolean): Promise<CommandPlaceJson> {
    const name = value ? 'intake.drain' : 'intake.resume';
    return this.sender.command(name, this.sign(name));
  }

  /** Ends the leader's term, so that a stand-by takes over. */
  transferLeadership(): Promise<CommandPlaceJson & { endedEpoch: number }> {
    return this.sender.command('leader.transfer', this.sign('leader.transfer'));
  }

  /** Tells nodes that refuse to lead because of their clock that it is right. Nobody answers; see who leads then. */
  async confirmTime(): Promise<void> {
    await this.sender.announce('leader.confirm-time', this.sign('leader.confirm-time'));
  }

  private sign(name: AdminCommandName, argument?: Uint8Array): Uint8Array {
    return signAdminCommand(this.logId, this.signer, name, argument);
  }

  async close(): Promise<void> {
    await this.requests.close();
  }
}

/** What a sequencer says of the registry, as far as its clients here need it. Bytes as 0x hex. */
export interface RegistryJson {
  logId: string;
  changeCount: number;
  rollups: { chainId: number; votingKey: string; replicaKeys: string[] }[];
}

/** The registry in force in the next block. @param url any rollup's JSON-RPC endpoint */
export const readRegistry = (url: string): Promise<RegistryJson> =>
  callRpc<RegistryJson>(url, 'lockstep_getRegistry', []);

/** The log id that a sequencer serves, 32 bytes. */
export async function readLogId(url: string): Promise<Uint8Array> {
  return hexToBytes((await readRegistry(url)).logId);
}
