import { AbortCandidate } from './abort-candidate.js';
import { AuditCandidate, type CommandAuthor, type CommandPlace } from './audit-candidate.js';
import type { IntakeQueue } from './intake-queue.js';
import type { LeaderTerm } from './leader-term.js';

export interface OperatorCommandsModules {
  queue: Pick<IntakeQueue, 'push'>;
  /** The term that this node leads. @throws SubmissionError where it leads none, or cannot write */
  leading: () => Pick<LeaderTerm, 'epoch' | 'state'>;
  /** The epoch that this node leads at this moment; null while it stands by. */
  epoch: () => number | null;
  /** Hands leadership to a stand-by. */
  transfer: () => void;
}

/** What an operator orders besides registry changes. Each leaves an audit row, and is answered once that is durable. */
export class OperatorCommands {
  constructor(private readonly modules: OperatorCommandsModules) {}

  /** Aborts an undecided operation; resolves once the decision is durable. @throws SubmissionError */
  abortOperation(operationId: Uint8Array, author: CommandAuthor): Promise<CommandPlace> {
    const { coordinator } = this.modules.leading().state;
    return new Promise((resolve, reject) => {
      this.modules.queue.push(new AbortCandidate(operationId, author, coordinator, { resolve, reject }));
    });
  }

  /** Drains the intake or resumes it, for every later leader too; resolves once that is durable. @throws SubmissionError */
  setDraining(isDraining: boolean, author: CommandAuthor): Promise<CommandPlace> {
    return this.audited(isDraining ? 'intake.drain' : 'intake.resume', author);
  }

  /** Hands leadership to a stand-by, once its audit row is durable. @throws SubmissionError */
  async transferLeadership(author: CommandAuthor): Promise<CommandPlace & { endedEpoch: number }> {
    const { epoch } = this.modules.leading();
    const place = await this.audited('leader.transfer', author);
    if (this.modules.epoch() === epoch) this.modules.transfer();
    return { ...place, endedEpoch: epoch };
  }

  private audited(command: string, author: CommandAuthor): Promise<CommandPlace> {
    this.modules.leading();
    return new Promise((resolve, reject) => {
      this.modules.queue.push(new AuditCandidate(command, author, { resolve, reject }));
    });
  }
}
