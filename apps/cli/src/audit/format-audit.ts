import type { AuditReport } from '#libs/audit';
import { bold, green, red } from '../console.js';

/** Problems that are shown; the JSON report has more. */
const SHOWN_MAX = 10;

/** An audit's report for people. */
export function formatAudit(report: AuditReport): string[] {
  const number = (value: number): string => value.toLocaleString('en-US');
  const { stateRoots, seconds, counts, problems } = report;
  const rate = (took: number): string =>
    `${took.toFixed(1)} s, ${number(Math.round(report.entries / Math.max(took, 0.001)))} entries/s`;
  const lines = [
    `log ${report.logId}, blocks ${number(report.from)} to ${number(report.head)}`,
    `verified  ${number(report.entries)} entries in ${number(report.blocks)} blocks: ${number(report.transactions)} transactions, ${number(report.operations)} operations, ${number(report.decisions)} decisions (${rate(seconds.verify)})`,
    report.executed
      ? `executed  ${number(stateRoots.compared)} of ${number(stateRoots.stated)} state roots compared (${rate(seconds.execute)})`
      : 'executed  no',
  ];
  if (report.ok) return [...lines, green(bold('no problems'))];
  lines.push(red(bold(`${number(report.problemCount)} problems`)));
  for (const [rule, count] of Object.entries(counts)) lines.push(`  ${rule}  ${number(count)}`);
  for (const { invariant, code, block, message, entry } of problems.slice(0, SHOWN_MAX)) {
    lines.push(`${invariant} ${code} in block ${block}: ${message}`);
    if (entry) lines.push(`    ${entry.kind} ${entry.id} in lane ${entry.lane}`);
  }
  if (problems.length > SHOWN_MAX) lines.push(`… and more: see the report of --json FILE`);
  return lines;
}
