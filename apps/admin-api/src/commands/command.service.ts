import { randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { type CommandKey, CommandStore } from '#libs/persistence';
import type { DataSource } from 'typeorm';
import { Database } from '../core/database.js';
import { ProblemError, type ProblemType } from '../http/problem.js';
import { CommandDispatcher, type Order } from './command-dispatcher.js';
import type { CommandRequest } from './command-request.js';
import type { CommandResult } from './command.schema.js';

/** Longer than a command can take: who has not answered by then has died. */
const WORK_MS = 30_000;
/** How long an idempotency key is remembered. */
const REMEMBER_MS = 7 * 86_400_000;
const FORGET_EVERY_MS = 3_600_000;

/** A result, with whether it was given before. */
export interface Answered {
  result: CommandResult;
  isReplayed: boolean;
}

type Kept = { result: CommandResult } | { problem: ProblemType; detail: string; advice?: string };

/**
 * Carries commands out once for each idempotency key.
 *
 * ```
 *            claim            sign, keep, send          answer or final refusal
 *  (none) ─────────► working ─────────────────► open ─────────────────────────► answered (for a week)
 *                       ▲                        │
 *                       └── the same key again ◄─┘ 503: the outcome is open, or this process died
 * ```
 */
@Injectable()
export class CommandService implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly worker = randomUUID();
  private timer: NodeJS.Timeout | null = null;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(CommandDispatcher) private readonly dispatcher: CommandDispatcher,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.store((store) => store.forgetOlderThan(REMEMBER_MS)).catch(() => undefined);
    }, FORGET_EVERY_MS);
  }

  onModuleDestroy(): void {
    if (this.timer) clearInterval(this.timer);
  }

  /**
   * @param extra what the result says besides
   * @throws ProblemError
   */
  async run(request: CommandRequest, command: string, order: Order, extra?: Partial<CommandResult>): Promise<Answered> {
    return this.once(request, async (sent) => {
      const keep = (signed: Uint8Array): Promise<void> => this.keep(request.key, signed);
      const outcome = await this.dispatcher.carryOut(order, request.requestedBy, sent, keep);
      return { command, ...outcome, ...extra };
    });
  }

  /** Tells every node that its clock is right; that leaves nothing in the log. */
  async confirmTime(request: CommandRequest): Promise<Answered> {
    return this.once(request, async () => {
      await this.dispatcher.confirmTime();
      return { command: 'leader.confirm-time', block: null, sequence: null, auditId: null };
    });
  }

  private async once(
    { key, hash }: CommandRequest,
    work: (sent: Uint8Array | null) => Promise<CommandResult>,
  ): Promise<Answered> {
    this.dispatcher.assertAvailable();
    const claim = await this.store((store) => store.claim(key, hash));
    switch (claim.status) {
      case 'differs':
        throw new ProblemError(
          { code: 'IDEMPOTENCY_KEY_REUSED', status: 422 },
          `The Idempotency-Key ${key.idempotencyKey} was used for another command.`,
          'Use a new key for each command.',
        );
      case 'busy':
        throw new ProblemError(
          { code: 'COMMAND_IN_FLIGHT', status: 409, retryAfterS: 1 },
          `The command with the Idempotency-Key ${key.idempotencyKey} is being carried out.`,
          'Send it again in a moment for its answer.',
        );
      case 'answered':
        return { result: unpack(claim.answer.response), isReplayed: true };
      case 'work':
        return { result: await this.settle(key, () => work(claim.sent)), isReplayed: false };
    }
  }

  /** Keeps the answer, or a final refusal, for good; gives the claim back where the outcome is open. */
  private async settle(key: CommandKey, work: () => Promise<CommandResult>): Promise<CommandResult> {
    try {
      const result = await work();
      await this.answer(key, 200, { result });
      return result;
    } catch (thrown) {
      if (thrown instanceof ProblemError && thrown.type.status < 500) {
        const { type: problem, message: detail, advice } = thrown;
        await this.answer(key, problem.status, { problem, detail, ...(advice === undefined ? {} : { advice }) });
      } else {
        await this.store((store) => store.release(key)).catch(() => undefined);
      }
      throw thrown;
    }
  }

  private answer(key: CommandKey, status: number, kept: Kept): Promise<void> {
    return this.store((store) => store.settle(key, { status, response: JSON.stringify(kept) }));
  }

  private async keep(key: CommandKey, signed: Uint8Array): Promise<void> {
    if (await this.store((store) => store.keepSent(key, signed))) return;
    throw new ProblemError(
      { code: 'COMMAND_IN_FLIGHT', status: 409, retryAfterS: 1 },
      'Another request with this Idempotency-Key has taken the command over.',
    );
  }

  private store<T>(work: (store: CommandStore) => Promise<T>): Promise<T> {
    return this.database.use((source: DataSource) => work(new CommandStore(source, this.worker, WORK_MS)));
  }
}

function unpack(response: string): CommandResult {
  const kept = JSON.parse(response) as Kept;
  if ('result' in kept) return kept.result;
  throw new ProblemError(kept.problem, kept.detail, kept.advice);
}
