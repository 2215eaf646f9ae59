import { LockstepError } from '#libs/protocol';
import type { SequencerMetrics } from '#libs/runtime';

export type SubmissionKind = 'transaction' | 'operation' | 'price' | 'registry_change';

/** Runs a submission and counts how it ended. */
export async function countSubmission<T>(
  metrics: SequencerMetrics | undefined,
  kind: SubmissionKind,
  submit: () => Promise<T>,
): Promise<T> {
  try {
    const result = await submit();
    metrics?.intake.submissions.inc({ kind, code: 'ok' });
    return result;
  } catch (thrown) {
    metrics?.intake.submissions.inc({ kind, code: thrown instanceof LockstepError ? String(thrown.code) : 'INTERNAL' });
    throw thrown;
  }
}

/** Counts the results of transactions that were submitted together. */
export function countTransactions(
  metrics: SequencerMetrics | undefined,
  results: readonly ({ hash: Uint8Array } | { error: { code: string } })[],
): void {
  if (!metrics) return;
  const counts = new Map<string, number>();
  for (const result of results) {
    const code = 'hash' in result ? 'ok' : result.error.code;
    counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  for (const [code, count] of counts) metrics.intake.submissions.inc({ kind: 'transaction', code }, count);
}
