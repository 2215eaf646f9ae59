import type { AuditProgress } from '#libs/audit';

const REDRAW_MS = 200;
const BAR_WIDTH = 24;

/** A progress bar of one line on standard error, where that is a terminal; else nothing. */
export function showProgress(stream = process.stderr): { update: (progress: AuditProgress) => void; end: () => void } {
  if (stream.isTTY !== true) return { update: () => {}, end: () => {} };
  let drawnMs = 0;
  let phase = '';
  let beganMs = 0;
  return {
    update: (progress) => {
      const nowMs = performance.now();
      if (progress.phase !== phase) [phase, beganMs] = [progress.phase, nowMs];
      if (nowMs - drawnMs < REDRAW_MS && progress.block < progress.head) return;
      drawnMs = nowMs;
      stream.write(`\r\x1b[K${progressLine(progress, (nowMs - beganMs) / 1000)}`);
    },
    end: () => void stream.write('\r\x1b[K'),
  };
}

/** `verify  ████████░░░░  66 %  block 200 of 300  12,345 entries  41,000/s` */
export function progressLine({ phase, block, head, entries }: AuditProgress, seconds: number): string {
  const share = head === 0 ? 1 : Math.min(1, block / head);
  const full = Math.round(share * BAR_WIDTH);
  const bar = '█'.repeat(full) + '░'.repeat(BAR_WIDTH - full);
  const rate = seconds > 0 ? Math.round(entries / seconds) : 0;
  const number = (value: number): string => value.toLocaleString('en-US');
  return `${phase.padEnd(8)}${bar} ${Math.floor(share * 100)} %  block ${number(block)} of ${number(head)}  ${number(entries)} entries  ${number(rate)}/s`;
}
