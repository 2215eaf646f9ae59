import type { RecoverAddress } from '#libs/atomic-commit';
import {
  AdminCommand,
  type AdminCommandName,
  bytesToHex,
  commitmentDigest,
  equalBytes,
  type Registry,
  SignedAdminCommand,
} from '#libs/protocol';
import { SubmissionError } from './submission-error.js';

/** How far a command's time may be from ours. */
const FRESH_MS = 60_000;

export interface CheckedCommand {
  name: AdminCommandName;
  argument: Uint8Array;
  /** Who signed it, for the audit log. */
  actor: string;
  /** Its SSZ root as hex: stands in its audit row, so that it counts once across leaders. */
  root: string;
}

/** Checks signed admin commands: the registry key's signature, that they are fresh, and that each counts once. */
export class AdminDesk {
  /** Roots of the commands taken, with their times; those that are no longer fresh are forgotten. */
  private readonly taken = new Map<string, number>();

  constructor(
    private readonly logId: Uint8Array,
    private readonly recover: RecoverAddress,
    private readonly registry: () => Registry,
    /** Whether the audit log names a command with this root. */
    private readonly isLogged: (root: string) => boolean,
  ) {}

  /**
   * @param bytes SSZ of a `SignedAdminCommand`
   * @param expected the command that this subject is for
   * @throws SubmissionError
   */
  check(bytes: Uint8Array, expected: AdminCommandName, nowMs: number): CheckedCommand {
    const { command, signature } = this.decode(bytes);
    const name = new TextDecoder().decode(command.command);
    if (name !== expected) throw SubmissionError.of('WRONG_COMMAND', `this is no ${expected} but a ${name}`);
    const root = AdminCommand.hashTreeRoot(command);
    const { registryKey } = this.registry();
    const signer = this.recover(commitmentDigest(this.logId, 'admin', root), signature);
    if (!signer || !equalBytes(signer, registryKey)) {
      throw SubmissionError.of('INVALID_SIGNATURE', 'invalid signature: the registry key did not sign this command');
    }
    if (Math.abs(nowMs - command.issuedAtMs) > FRESH_MS) {
      throw SubmissionError.of('COMMAND_NOT_FRESH', `the command was issued at ${command.issuedAtMs}, it is ${nowMs}`);
    }
    this.takeOnce(bytesToHex(root), command.issuedAtMs, nowMs);
    const actor = `registry key ${bytesToHex(registryKey)}`;
    return { name: expected, argument: command.argument, actor, root: bytesToHex(root) };
  }

  private takeOnce(root: string, issuedAtMs: number, nowMs: number): void {
    for (const [other, atMs] of this.taken) if (nowMs - atMs > 2 * FRESH_MS) this.taken.delete(other);
    if (this.taken.has(root) || this.isLogged(root))
      throw SubmissionError.of('COMMAND_REPEATED', 'this command was taken already');
    this.taken.set(root, issuedAtMs);
  }

  private decode(bytes: Uint8Array): SignedAdminCommand {
    try {
      return SignedAdminCommand.deserialize(bytes);
    } catch (thrown) {
      const problem = thrown instanceof Error ? thrown.message : String(thrown);
      throw SubmissionError.of('MALFORMED', `these bytes are no signed command: ${problem}`, { rpcCode: -32602 });
    }
  }
}
