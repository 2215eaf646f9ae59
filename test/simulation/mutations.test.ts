import { type Decision, EntryKind, Outcome, Reason } from '#libs/protocol';
import { describe, expect, it } from 'vitest';
import { Violation } from './checks/violation.js';
import { cheapCrypto } from './crypto/crypto-ports.js';
import { runSchedule } from './run/run-schedule.js';
import { runSimulation, type SimulationReport } from './run/run-simulation.js';
import { installVirtualTimers } from './support/scheduler.js';
import { LogStore } from './world/log-store.js';
import type { Parts } from './world/world.js';

/** The product with one part broken on purpose; the simulation has to notice within so many schedules. */
const find = (parts: Parts, schedules: number): Promise<SimulationReport> =>
  runSimulation({ seed: 7, schedules, crypto: cheapCrypto, parts });

function codeOf({ failure }: SimulationReport): unknown {
  if (!failure) return 'nothing found';
  const { error } = failure;
  return error instanceof Violation ? error.invariant : ((error as { code?: unknown }).code ?? error.message);
}

class EpochlessLog extends LogStore {
  protected override isEpoch(): boolean {
    return true;
  }
}

describe('a simulation of a broken product fails', () => {
  it('a relay that commits without the last vote breaks I17', async () => {
    const report = await find(
      {
        onLogRead: ({ coordinator }) => {
          const decisionsAt = coordinator.decisionsAt.bind(coordinator);
          const shortOfOne = (): Decision[] =>
            coordinator.undecided().flatMap(({ operationId, prepareId, participants }) => {
              const votes = coordinator.votesOf(operationId);
              const isShort = votes.length === participants.length - 1 && votes.every(({ vote }) => vote.yes);
              if (!isShort) return [];
              return [{ operationId, prepareId, outcome: Outcome.commit, reason: Reason.none, votes, auditId: 0n }];
            });
          coordinator.canDecide = () => coordinator.size > 0;
          coordinator.decisionsAt = (timestampMs) => {
            const hasty = shortOfOne();
            return hasty.length > 0 ? hasty : decisionsAt(timestampMs);
          };
        },
      },
      20,
    );
    expect(codeOf(report)).toBe('I17');
  });

  it('a relay that forgets deadlines breaks I17 or I26', async () => {
    const report = await find(
      {
        onLogRead: ({ coordinator }) => {
          const decisionsAt = coordinator.decisionsAt.bind(coordinator);
          coordinator.decisionsAt = () => decisionsAt(0);
        },
      },
      300,
    );
    expect(['I17', 'I26']).toContain(codeOf(report));
  });

  it('a new leader that forgets undecided operations breaks I26', async () => {
    const report = await find(
      {
        onLogRead: ({ coordinator }) => {
          for (const { operationId } of coordinator.undecided()) coordinator.decided(operationId);
        },
      },
      500,
    );
    expect(codeOf(report)).toBe('I26');
  });

  it('a log that does not compare epochs lets an old leader in: I3', async () => {
    const report = await find({ makeLog: (genesis, onAppend) => new EpochlessLog(genesis, onAppend) }, 1_000);
    expect(codeOf(report)).toBe('I3');
  });

  it('an executor that applies a decision twice stops at it', async () => {
    const report = await find(
      {
        onBlockArrived: (_ledger, _message, verify) => {
          const block = verify();
          const last = block.entries.at(-1);
          if (last?.kind !== EntryKind.DECISION) return block;
          return { ...block, entries: [...block.entries, { ...last, sequence: last.sequence + 1n }] };
        },
      },
      20,
    );
    expect(codeOf(report)).toBe('HALT_DECISION_WITHOUT_PREPARE');
  });

  it('a ledger that pays one unit too much at a decision breaks I19', async () => {
    const report = await find(
      {
        onBlockArrived: (ledger, _message, verify) => {
          const block = verify();
          const [row] = ledger.balances();
          if (row && block.kinds.has(EntryKind.DECISION)) (row as { available: bigint }).available += 1n;
          return block;
        },
      },
      20,
    );
    expect(codeOf(report)).toBe('I19');
  });

  it('an executor that skips a transaction meets a nonce that does not follow, or comes to another root', async () => {
    const report = await find(
      {
        onBlockArrived: (_ledger, _message, verify) => {
          const block = verify();
          const skipped = block.entries.findIndex(({ kind }) => kind === EntryKind.TRANSACTION);
          return { ...block, entries: block.entries.filter((_, index) => index !== skipped) };
        },
      },
      200,
    );
    expect(['HALT_NONCE', 'I15']).toContain(codeOf(report));
  });

  it('what fails is made smaller: a plan that still fails and of which nothing can be left out', async () => {
    const makeLog: Parts['makeLog'] = (genesis, onAppend) => new EpochlessLog(genesis, onAppend);
    const { failure } = await find({ makeLog }, 1_000);
    const { plan } = failure!;
    expect(plan.faults.length).toBeGreaterThan(0);
    const uninstall = installVirtualTimers();
    try {
      expect((await runSchedule(plan, cheapCrypto, { makeLog })).failure).toMatchObject({ invariant: 'I3' });
      for (const left of plan.faults) {
        const smaller = { ...plan, faults: plan.faults.filter((fault) => fault !== left) };
        expect((await runSchedule(smaller, cheapCrypto, { makeLog })).failure).toBeNull();
      }
      expect((await runSchedule(plan, cheapCrypto)).failure, 'the product itself').toBeNull();
    } finally {
      uninstall();
    }
  });
});
