// A network of real processes keeps every invariant through a fixed plan of kills under load, each at its phase.
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChaosReport, formatReports, runChaos, type Step, temporaryDirectory } from '#libs/testkit';

const PLAN: Step[] = [
  { cell: { row: 'leaderKilled', column: 'P3' }, phase: 'P3', seed: 1 },
  { cell: { row: 'executorLost', column: 'P4-P5' }, phase: 'P5', seed: 2 },
  { cell: { row: 'postgresKilled', column: 'P0' }, phase: 'P0', seed: 3 },
  { cell: { row: 'forgedVotes', column: 'P1-P2' }, phase: 'P1', seed: 4 },
  { cell: { row: 'leaderKilled', column: 'P4-P5' }, phase: 'P4', seed: 5 },
];

describe('chaos', () => {
  let dataDir: string;
  let report: ChaosReport;

  beforeAll(async () => {
    dataDir = temporaryDirectory('chaos');
    report = await runChaos({
      seed: 1,
      durationMs: 60_000,
      dataDir,
      plan: PLAN,
      cutMs: { min: 1_500, max: 3_000 },
      killFirstStarts: false,
    });
  }, 180_000);

  afterAll(() => process.env.LOCKSTEP_KEEP_TEST_DATA === '1' || rmSync(dataDir, { recursive: true, force: true }));

  it('strikes every phase of the plan', () => {
    expect(report.steps.filter(({ reached }) => !reached)).toEqual([]);
    expect(report.steps).toHaveLength(PLAN.length);
  });

  it('goes on after every fault and loses nothing that was acknowledged', () => {
    expect(report.problems).toEqual([]);
    expect(report.acknowledgedLost).toBe(0);
    expect(report.operations.committed).toBeGreaterThan(0);
  });

  it('keeps every invariant that a history can tell', () => {
    const broken = report.invariants.filter(({ status }) => status === 'failed');
    expect(broken, formatReports(broken)).toEqual([]);
    expect(report.invariants.length).toBeGreaterThan(25);
  });

  it("compares the states of three voting executors and a replica of each with the log's own re-execution", () => {
    const checked = (id: string) => report.invariants.find(({ invariant }) => invariant === id)?.checked;
    expect(checked('I27')).toBe(6);
    expect(checked('I15')).toBeGreaterThan(6);
  });
});
