import { beforeAll, describe, expect, it } from 'vitest';
import { Outcome } from '#libs/protocol';
import { checkHistory } from './check-history.js';
import { changed } from './fixtures/broken.js';
import { playScenario } from './fixtures/scenario.js';
import { formatReports, invariantFlags } from './format-reports.js';
import type { History } from './history.js';
import { INVARIANT_IDS } from './invariants.js';
import { indexLog } from './log-index.js';

let history: History;
beforeAll(async () => {
  history = (await playScenario()).network.history();
});

describe('checkHistory', () => {
  it('finds a valid history valid, with something to look at for every invariant', () => {
    const reports = checkHistory(history, { clientsComplete: true });
    expect(reports.filter(({ status }) => status !== 'passed')).toEqual([]);
    expect(reports.map(({ invariant }) => invariant)).toEqual(INVARIANT_IDS);
  });

  it('is tried on a history with commits, a refusal, an expiry and a clearing', () => {
    const { decisions } = indexLog(history.log, () => null);
    expect(decisions.filter(({ decision }) => decision.outcome === (Outcome.commit as number))).toHaveLength(4);
    expect(decisions.filter(({ decision }) => decision.outcome === (Outcome.abort as number))).toHaveLength(2);
  });

  it('says so where it looked at nothing', () => {
    const { log } = history;
    const [feed] = checkHistory({ log }, { invariants: ['I12'] });
    expect(feed).toMatchObject({ status: 'nothing', ok: true, checked: 0, note: 'nothing to look at' });
    expect(invariantFlags([feed!])).toEqual({ I12: false });
  });

  it('checks an empty log without failing', () => {
    const { genesis } = history.log;
    const reports = checkHistory({ log: { genesis, blocks: [], entries: [] } });
    expect(reports.every(({ ok }) => ok)).toBe(true);
  });

  it('recovers only as many senders as asked for', () => {
    const forged = changed(history, ({ log }) => {
      const last = log.entries.findLast(({ sender }) => sender !== null)!;
      last.bytes[last.bytes.length - 1]! ^= 1;
    });
    const [all] = checkHistory(forged, { invariants: ['I5'] });
    const [none] = checkHistory(forged, { invariants: ['I5'], recoverEvery: 0 });
    expect([all!.status, none!.status]).toEqual(['failed', 'passed']);
  });
});

describe('formatReports', () => {
  it('writes a line for each invariant, and under a failed one what was found', () => {
    const broken = changed(history, ({ log }) => void (log.entries[3]!.laneSequence += 1n));
    const lines = formatReports(checkHistory(broken, { invariants: ['I1', 'I17'] })).split('\n');
    expect(lines[0]).toMatch(/^I1 {3}failed +26 entries +sequences and lane sequences have no gap$/);
    expect(lines[1]).toMatch(/^ {7}sequence 4 has lane sequence 5 where 4 is due in lane 0$/);
    expect(lines[2]).toMatch(/^ {7}PREPARE 0x[0-9a-f]{64} at sequence 4, block 3, lane 0$/);
    expect(lines[3]).toMatch(/^I17 {2}passed +6 decisions +each decision follows from votes and log time$/);
  });
});
