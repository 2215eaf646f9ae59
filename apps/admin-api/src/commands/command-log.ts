import { Inject, Injectable } from '@nestjs/common';
import type { CommandPlaceJson } from '#libs/messaging';
import {
  AdminCommand,
  bytesToHex,
  encodeEntry,
  EntryKind,
  entryId,
  logId,
  RegistryChange,
  SignedAdminCommand,
  SignedRegistryChange,
} from '#libs/protocol';
import { Database } from '../core/database.js';
import { ProblemError } from '../http/problem.js';

/** What the log says of commands: the log id that they are signed for, and whether one that was sent is in it. */
@Injectable()
export class CommandLog {
  private id: Uint8Array | null = null;

  constructor(@Inject(Database) private readonly database: Database) {}

  /** The log id. @throws ProblemError 503 as long as there is no log */
  async logId(): Promise<Uint8Array> {
    if (this.id) return this.id;
    const genesis = await this.database.read((reader) => reader.genesis());
    if (!genesis) throw new ProblemError({ code: 'UNAVAILABLE', status: 503, retryAfterS: 1 }, 'There is no log yet.');
    return (this.id = logId(genesis));
  }

  /** Where a signed change of the registry came to stand; null if it is not in the log. */
  async findChange(signedChange: Uint8Array): Promise<CommandPlaceJson | null> {
    const id = entryId(encodeEntry(EntryKind.REGISTRY_CHANGE, signedChange));
    const entry = await this.database.read((reader) => reader.entryById(id));
    if (!entry) return null;
    const { change } = SignedRegistryChange.deserialize(signedChange);
    const row = await this.auditRow(`"change":"${bytesToHex(RegistryChange.serialize(change))}"`);
    return { block: entry.blockNumber, sequence: entry.sequence.toString(), auditId: row?.id ?? '0' };
  }

  /** Where a signed command came to stand; null if it is not in the log. */
  async findCommand(signedCommand: Uint8Array): Promise<CommandPlaceJson | null> {
    const { command } = SignedAdminCommand.deserialize(signedCommand);
    const row = await this.auditRow(`"commandRoot":"${bytesToHex(AdminCommand.hashTreeRoot(command))}"`);
    if (!row) return null;
    const [decision] = await this.database.query<{ sequence: string }>(
      'SELECT sequence FROM lockstep.decisions WHERE operation_id = $1::bytea AND block_number = $2::bigint',
      [Buffer.from(command.argument), row.block_number],
    );
    return { block: Number(row.block_number), sequence: decision?.sequence ?? null, auditId: row.id };
  }

  /** The audit row whose canonical JSON has this member. */
  private async auditRow(member: string): Promise<{ id: string; block_number: string } | undefined> {
    const [row] = await this.database.query<{ id: string; block_number: string }>(
      'SELECT id, block_number FROM lockstep.audit WHERE strpos(detail, $1) > 0 ORDER BY id DESC LIMIT 1',
      [member],
    );
    return row;
  }
}
