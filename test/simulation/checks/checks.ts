import type { VoteReceipt } from '#libs/atomic-commit';
import type { BlockResult, Ledger } from '#libs/options';
import type { Head } from '#libs/persistence';
import { bytesToHex, Outcome, Reason, type SignedVote } from '#libs/protocol';
import type { FollowedBlock } from '../world/feed.js';
import type { KeptBlock } from '../world/log-store.js';
import type { World } from '../world/world.js';
import { LedgerChecks } from './ledger-checks.js';
import { LogChecks } from './log-checks.js';
import { mustHold } from './violation.js';

/** How long after its deadline an operation may stay undecided, ms of log time (I26). */
const DECIDED_WITHIN_MS = 2_000;

/** All checks of one schedule: told what happens while it happens, asked at the end. */
export class Checks {
  readonly log: LogChecks;
  readonly ledgers: LedgerChecks;
  /** Signatures of votes that nobody had the right to send, as hex. */
  readonly forged = new Set<string>();

  constructor(private readonly world: World) {
    const { topology, logId } = world;
    this.log = new LogChecks(logId, topology);
    this.ledgers = new LedgerChecks(topology, (number) => world.log.blocks[number - 1]);
  }

  appended(block: KeptBlock, before: Head): void {
    this.world.guarded(() => this.log.appended(block, before));
  }

  executorStarted(chainId: number, ledger: Ledger): void {
    this.world.guarded(() => this.ledgers.started(chainId, ledger));
  }

  applied(chainId: number, block: FollowedBlock, result: BlockResult, ledger: Ledger): void {
    this.world.guarded(() => this.ledgers.applied(chainId, block, result, ledger));
    this.world.trace.event(this.world.scheduler.nowMs, chainId, block.header.number);
  }

  /** A leader has judged a vote (I24). */
  voteReceived({ vote, signature }: SignedVote, status: VoteReceipt['status']): void {
    if (this.forged.size === 0) return;
    const isForged = this.forged.has(bytesToHex(signature) + vote.chainId);
    this.world.guarded(() =>
      mustHold(!isForged || status !== 'counted', 'I24', () => `a forged vote of ${vote.chainId} counts`),
    );
  }

  /** Faults were healed at `healedAtMs` of log time, and everything has come to rest. */
  atRest(healedAtMs: number): void {
    const { log, ledgers, world } = this;
    for (const { id, decision, deadlineMs, participants } of log.operations.values()) {
      mustHold(decision !== null, 'I16', () => `operation ${id} is never decided`);
      const latest = Math.max(deadlineMs, healedAtMs) + DECIDED_WITHIN_MS;
      mustHold(
        decision.atMs <= latest,
        'I26',
        () => `operation ${id} is decided at ${decision.atMs}, not by ${latest}`,
      );
      const end = ledgers.endOf(id);
      const isCommitted = decision.outcome === Outcome.commit;
      mustHold(end === undefined ? !isCommitted : (end === 'posted') === isCommitted, 'I18', () => {
        return `operation ${id} of ${participants.join(', ')}: ${Outcome[decision.outcome]}, its holds are ${end ?? 'none'}`;
      });
    }
    ledgers.atRest(new Map([...world.executors].map(([chainId, { process }]) => [chainId, process!.ledger])));
    for (const submission of world.clients.submissions) {
      const { name, answer, mustLand } = submission;
      if (!mustLand || name.startsWith('pause')) continue;
      const isThere = answer !== null && submission.place() !== undefined;
      mustHold(isThere, 'I10', () => `${name} is not in the log`);
    }
  }

  /** How the operations ended, for the report: `commit`, or `abort` and its reason. */
  outcomes(): string[] {
    return [...this.log.operations.values()].map(({ decision }) =>
      !decision ? 'undecided' : decision.outcome === Outcome.commit ? 'commit' : `abort: ${Reason[decision.reason]}`,
    );
  }
}
