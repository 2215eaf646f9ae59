import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { LocalSigner } from '#libs/crypto';
import {
  type CommandPlaceJson,
  CommandRefusedError,
  CommandSender,
  JsonRequests,
  MessagingError,
  natsAccess,
  signAdminCommand,
  signRegistryChange,
} from '#libs/messaging';
import { type AdminCommandName, adminSubject, hexToBytes, type RegistryChange } from '#libs/protocol';
import type { AdminApiSettings } from '../config.js';
import { SETTINGS } from '../core/tokens.js';
import { CommandLog } from './command-log.js';
import { commandsUnavailable, isPassing, outcomeUnknown, refusalProblem } from './refusal.js';

/** What is to be done: a change of the registry, or a command that changes none. */
export type Order =
  | { kind: 'change'; action: RegistryChange['action'] }
  | { kind: 'command'; name: AdminCommandName; argument?: Uint8Array };

export type Outcome = CommandPlaceJson & { endedEpoch?: number };

/** Changes of others that may take a registry change's number before ours is signed again. */
const RESIGN_MAX = 5;
const STATUS_TIMEOUT_MS = 5_000;

/**
 * Signs orders with the registry key and sends them to the leader. What was signed is kept before it is sent, so that
 * an order whose outcome is open is looked up in the log, or sent again as the very same bytes, never signed a second
 * time beside the first.
 */
@Injectable()
export class CommandDispatcher implements OnModuleDestroy {
  private readonly requests: JsonRequests;
  private readonly signer: LocalSigner | null;

  constructor(
    @Inject(SETTINGS) settings: AdminApiSettings,
    @Inject(CommandLog) private readonly log: CommandLog,
  ) {
    this.requests = new JsonRequests(natsAccess(settings));
    this.signer = settings.REGISTRY_KEY === undefined ? null : new LocalSigner(hexToBytes(settings.REGISTRY_KEY));
  }

  async onModuleDestroy(): Promise<void> {
    await this.requests.close();
  }

  /** @throws ProblemError `COMMANDS_UNAVAILABLE` without a registry key */
  assertAvailable(): LocalSigner {
    if (this.signer) return this.signer;
    throw commandsUnavailable('This admin API has no registry key to sign commands with.');
  }

  /**
   * Carries an order out, or finds out that it was.
   * @param sent what an earlier try signed and perhaps sent
   * @param keep keeps what is about to be sent; throws when this request may go on no longer
   * @throws ProblemError of the status 503 while the outcome is open; any other is final
   */
  async carryOut(
    order: Order,
    requestedBy: string,
    sent: Uint8Array | null,
    keep: (signed: Uint8Array) => Promise<void>,
  ): Promise<Outcome> {
    const signer = this.assertAvailable();
    let signed = sent;
    for (let attempt = 1; ; attempt++) {
      const done = signed && (await this.find(order, signed));
      if (done) return done;
      if (!signed) await keep((signed = await this.sign(order, signer)));
      try {
        return await this.send(order, signed, requestedBy);
      } catch (thrown) {
        const found = await this.find(order, signed);
        if (found) return found;
        if (thrown instanceof MessagingError) throw outcomeUnknown(thrown.message);
        if (!(thrown instanceof CommandRefusedError)) throw thrown;
        const { code, message } = thrown;
        if (isPassing(code)) throw outcomeUnknown(message);
        if (code === 'INVALID_SIGNATURE') throw commandsUnavailable(`The leader refuses our registry key: ${message}.`);
        // Its number is taken by another change, so it can never be applied: sign it as the next one.
        if (code !== 'REGISTRY_NONCE' || attempt >= RESIGN_MAX) throw refusalProblem(code, message);
        signed = null;
      }
    }
  }

  /** Tells every node that its clock is right. Nobody answers, and nothing is written. */
  async confirmTime(): Promise<void> {
    const signed = signAdminCommand(await this.log.logId(), this.assertAvailable(), 'leader.confirm-time');
    await new CommandSender(this.requests).announce('leader.confirm-time', signed);
  }

  private async sign(order: Order, signer: LocalSigner): Promise<Uint8Array> {
    const logId = await this.log.logId();
    if (order.kind === 'command') return signAdminCommand(logId, signer, order.name, order.argument);
    return signRegistryChange(logId, signer, { nonce: await this.registryChanges(), action: order.action });
  }

  private send(order: Order, signed: Uint8Array, requestedBy: string): Promise<Outcome> {
    const sender = new CommandSender(this.requests, requestedBy);
    return order.kind === 'change' ? sender.changeRegistry(signed) : sender.command(order.name, signed);
  }

  private find(order: Order, signed: Uint8Array): Promise<Outcome | null> {
    return order.kind === 'change' ? this.log.findChange(signed) : this.log.findCommand(signed);
  }

  /** How many changes the registry has had, by the leader: the next one's number. */
  private async registryChanges(): Promise<number> {
    try {
      const status = await this.requests.requestLeader<{ registryChanges: number }>(
        adminSubject('status'),
        {},
        STATUS_TIMEOUT_MS,
      );
      return status.registryChanges;
    } catch (thrown) {
      throw outcomeUnknown(`${(thrown as Error).message} Nothing was sent.`);
    }
  }
}
