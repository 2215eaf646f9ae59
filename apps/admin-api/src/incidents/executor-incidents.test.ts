// Shows when an executor's health becomes an incident, when that ends, and what is no incident.
import { expect, test } from 'vitest';
import type { ExecutorHealth, ExecutorView } from '../rollups/rollups.schema.js';
import { incidentChanges, type OpenIncident } from './executor-incidents.js';

const NOW = new Date(60_000);
const SINCE = new Date(50_000);
const executor = (health: ExecutorHealth, key = '0x01'): ExecutorView =>
  ({ chainId: 1, key, role: 'voting', health, block: 7, halted: null }) as ExecutorView;
const open = (kind: string, key = '0x01'): OpenIncident => ({ began: '3', chainId: 1, key, kind, since: SINCE });
const changes = (incidents: OpenIncident[], executors: ExecutorView[]) =>
  incidentChanges(incidents, executors, () => SINCE, NOW);

test.each([
  ['silent', 'silent_executor', SINCE],
  ['regressed', 'regressed_executor', NOW],
  ['disputed', 'disputed_executor', NOW],
  ['halted', 'halted_executor', NOW],
] as const)('%s begins an incident, once', (health, kind, since) => {
  const { begin, end } = changes([], [executor(health)]);
  expect(begin).toEqual([expect.objectContaining({ chainId: 1, key: '0x01', kind, since })]);
  expect(end).toEqual([]);
  expect(changes([open(kind)], [executor(health)])).toEqual({ begin: [], end: [] });
});

test.each(['healthy', 'lagging', 'replaying'] as const)('%s begins none and ends all of that executor', (health) => {
  const incidents = [open('silent_executor'), open('regressed_executor')];
  expect(changes(incidents, [executor(health)])).toEqual({ begin: [], end: incidents });
});

test('a silent executor does not say how it is: what it had lasts until it is heard', () => {
  const halted = open('halted_executor');
  const { begin, end } = changes([halted], [executor('silent')]);
  expect(begin.map(({ kind }) => kind)).toEqual(['silent_executor']);
  expect(end).toEqual([]);
  const silent = open('silent_executor');
  expect(changes([halted, silent], [executor('halted')])).toEqual({ begin: [], end: [silent] });
});

test('who was never heard and need not run is not missed, and a key that was replaced has no incidents', () => {
  expect(changes([], [executor('unknown')])).toEqual({ begin: [], end: [] });
  // Before this process began it was heard, and then silent.
  expect(changes([open('silent_executor')], [executor('unknown')])).toEqual({ begin: [], end: [] });
  const old = open('silent_executor', '0x02');
  expect(changes([old], [executor('healthy')])).toEqual({ begin: [], end: [old] });
});
