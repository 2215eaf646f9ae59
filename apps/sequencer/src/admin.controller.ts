import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { z } from 'zod';
import { type AdminCommandName, bytesToHex, hexToBytes } from '#libs/protocol';
import type { CommandAuthor, CommandPlace } from './engine/audit-candidate.js';
import type { CheckedCommand } from './engine/admin-desk.js';
import { Sequencer } from './engine/sequencer.js';
import { SubmissionError, toSubmissionError } from './engine/submission-error.js';

const SszHex = z.string().regex(/^0x([0-9a-fA-F]{2})+$/);
/** Who asked, for the audit log: printable, so that Postgres and canonical JSON take it. */
const Actor = z
  .string()
  .regex(/^[\x20-\x7e]{1,512}$/)
  .optional();
const SignedCommand = z.strictObject({ signedCommand: SszHex, actor: Actor });
const SignedChange = z.strictObject({ signedChange: SszHex, actor: Actor });
const OperationId = z.strictObject({ id: z.string().regex(/^0x[0-9a-fA-F]{64}$/) });

/** What a command answers: its result, or why it was refused. */
type CommandResult = Record<string, unknown> | { error: { code: string; message: string } };

/** Commands to the leader, in JSON over Nest's NATS transporter. */
@Controller()
export class AdminController {
  constructor(@Inject(Sequencer) private readonly sequencer: Sequencer) {}

  /** A change of the registry, signed by the registry key: `{signedChange: hex of SSZ SignedRegistryChange, actor?}`. */
  @MessagePattern<string>('admin.registry.change')
  async changeRegistry(@Payload() data: unknown): Promise<CommandResult> {
    return this.answer(async () => {
      const request = SignedChange.safeParse(data);
      if (!request.success)
        throw SubmissionError.of('INVALID_PARAMS', 'signedChange must be SSZ bytes as 0x hex, actor a short text');
      const { signedChange, actor } = request.data;
      return placeJson(await this.sequencer.entries.submitRegistryChange(hexToBytes(signedChange), actor));
    });
  }

  /** Aborts an undecided operation: `{signedCommand: hex of SSZ SignedAdminCommand, actor?}`. */
  @MessagePattern<string>('admin.operation.abort')
  async abortOperation(@Payload() data: unknown): Promise<CommandResult> {
    return this.answer(async () => {
      const { argument, author } = this.check(data, 'operation.abort');
      return placeJson(await this.sequencer.operator.abortOperation(argument, author));
    });
  }

  /** Takes no new submissions; prices, roots and decisions go on. */
  @MessagePattern<string>('admin.intake.drain')
  async drainIntake(@Payload() data: unknown): Promise<CommandResult> {
    return this.answer(async () => {
      return placeJson(await this.sequencer.operator.setDraining(true, this.check(data, 'intake.drain').author));
    });
  }

  /** Takes submissions again. */
  @MessagePattern<string>('admin.intake.resume')
  async resumeIntake(@Payload() data: unknown): Promise<CommandResult> {
    return this.answer(async () => {
      return placeJson(await this.sequencer.operator.setDraining(false, this.check(data, 'intake.resume').author));
    });
  }

  /** Ends this leader's term, so that a stand-by takes over. */
  @MessagePattern<string>('admin.leader.transfer')
  async transferLeadership(@Payload() data: unknown): Promise<CommandResult> {
    return this.answer(async () => {
      const { author } = this.check(data, 'leader.transfer');
      const { endedEpoch, ...place } = await this.sequencer.operator.transferLeadership(author);
      return { ...placeJson(place), endedEpoch };
    });
  }

  /** Where this sequencer stands. */
  @MessagePattern<string>('admin.status')
  async sequencerStatus(): Promise<CommandResult> {
    return this.answer(() => {
      const { number, hash, timestampMs, nextSequence } = this.sequencer.tip();
      return Promise.resolve({
        isLeading: this.sequencer.isLeading,
        isDraining: this.sequencer.isDraining,
        epoch: this.sequencer.epoch,
        head: { number, hash: bytesToHex(hash), timestampMs, entries: (nextSequence - 1n).toString() },
        undecided: this.sequencer.undecidedCount(),
        disputed: this.sequencer.disputedRollups(),
        registryChanges: this.sequencer.registry().changeCount,
        executors: this.sequencer.executors.statuses(),
      });
    });
  }

  /** When the votes on an operation came in, as this leader remembers it: `{id}`, unsigned. */
  @MessagePattern<string>('admin.operation.arrivals')
  async voteArrivals(@Payload() data: unknown): Promise<CommandResult> {
    return this.answer(() => {
      const request = OperationId.safeParse(data);
      if (!request.success) throw SubmissionError.of('INVALID_PARAMS', 'id must be 32 bytes as 0x hex');
      return Promise.resolve({ arrivals: this.sequencer.statements.arrivals.of(hexToBytes(request.data.id)) });
    });
  }

  private check(data: unknown, name: AdminCommandName): CheckedCommand & { author: CommandAuthor } {
    const { signedCommand, requestedBy } = readSignedCommand(data);
    const checked = this.sequencer.commands.check(signedCommand, name, Date.now());
    const detail = { commandRoot: checked.root, ...(requestedBy === undefined ? {} : { requestedBy }) };
    return { ...checked, author: { actor: checked.actor, detail } };
  }

  private async answer(command: () => Promise<Record<string, unknown>>): Promise<CommandResult> {
    try {
      return await command();
    } catch (thrown) {
      const { code, message } = toSubmissionError(thrown, this.sequencer.logger);
      return { error: { code, message } };
    }
  }
}

/** The bytes of a signed command in a request, and who asked for it. @throws SubmissionError */
export function readSignedCommand(data: unknown): { signedCommand: Uint8Array; requestedBy: string | undefined } {
  const request = SignedCommand.safeParse(data);
  if (!request.success) {
    throw SubmissionError.of('INVALID_PARAMS', 'signedCommand must be SSZ bytes as 0x hex, actor a short text');
  }
  return { signedCommand: hexToBytes(request.data.signedCommand), requestedBy: request.data.actor };
}

/** Where a command stands, in JSON. `sequence` is null for one that made no entry. */
const placeJson = ({ block, sequence, auditId }: CommandPlace): Record<string, unknown> => ({
  block,
  sequence: sequence?.toString() ?? null,
  auditId: auditId.toString(),
});
