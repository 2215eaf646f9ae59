import { type InvariantId, INVARIANTS } from './invariants.js';
import type { InvariantReport } from './report.js';

/**
 * Reports as a plain table for people, one line each, with what was found under those that failed:
 *
 * ```
 * I17  passed      12 decisions    each decision follows from votes and log time
 * ```
 */
export function formatReports(reports: readonly InvariantReport[]): string {
  const figures = reports.map(({ checked, unit }) => [checked.toLocaleString('en-US'), unit] as const);
  const countWidth = Math.max(0, ...figures.map(([count]) => count.length));
  const unitWidth = Math.max(0, ...figures.map(([, unit]) => unit.length));
  return reports
    .map((report, place) => {
      const [count, unit] = figures[place]!;
      const { invariant, status } = report;
      const figure = `${count.padStart(countWidth)} ${unit.padEnd(unitWidth)}`;
      const line = `${invariant.padEnd(3)}  ${status.padEnd(10)}  ${figure}  ${INVARIANTS[invariant].title}`;
      return [line, ...detailsOf(report)].join('\n');
    })
    .join('\n');
}

function detailsOf({ violation, note, status }: InvariantReport): string[] {
  const details = status === 'incomplete' && note !== undefined ? [note] : [];
  if (violation) {
    details.push(violation.message);
    for (const { sequence, blockNumber, lane, kind, id } of violation.entries.slice(0, 8)) {
      details.push(`${kind} ${id} at sequence ${sequence}, block ${blockNumber}, lane ${lane}`);
    }
  }
  return details.map((detail) => `       ${detail}`);
}

/** Reports as the flags of a result line: `{"I1": true, …}`, true only for what was looked at and held. */
export const invariantFlags = (reports: readonly InvariantReport[]): Partial<Record<InvariantId, boolean>> =>
  Object.fromEntries(reports.map(({ invariant, status }) => [invariant, status === 'passed']));
