import { bytesToHex, type Hex } from '#libs/protocol';
import { JsonRpcError } from '../../client/json-rpc.js';
import type { ClientAttempt } from '../../history/index.js';

/** What a client concludes from an answer, or from none. */
export interface Outcome {
  outcome: ClientAttempt['outcome'];
  error?: string;
  /** Whether the same bytes should be sent again: the outcome is unknown, or there was no room. */
  again: boolean;
}

const NOT_LEADING = -32001;
const INTERNAL = -32603;
const BUSY = -32005;

/** How an error that a sequencer answered is to be read: some say that they do not know. */
export function outcomeOfError(code: number, message: string): Outcome {
  if (code === NOT_LEADING || code === INTERNAL) return { outcome: 'unknown', error: message, again: true };
  return { outcome: 'refused', error: message, again: code === BUSY };
}

/** How anything that was thrown is to be read: no answer leaves the outcome open. */
export function outcomeOfThrown(thrown: unknown): Outcome {
  if (thrown instanceof JsonRpcError) return outcomeOfError(thrown.code, thrown.message);
  return { outcome: 'unknown', error: thrown instanceof Error ? thrown.message : String(thrown), again: true };
}

/** Everything that all clients of a run sent and what they were told, by one clock. */
export class AttemptLog {
  readonly attempts: ClientAttempt[] = [];

  /** Notes what is about to be sent; call the result with what came of it. Until then its outcome is unknown. */
  begin(what: Pick<ClientAttempt, 'kind' | 'chainId' | 'key'> & { id: Uint8Array | Hex }): (result: Outcome) => void {
    const { id, ...rest } = what;
    const attempt: ClientAttempt = {
      ...rest,
      id: typeof id === 'string' ? id : bytesToHex(id),
      sentAtMs: performance.now(),
      outcome: 'unknown',
    };
    this.attempts.push(attempt);
    return ({ outcome, error }) => {
      attempt.outcome = outcome;
      attempt.answeredAtMs = performance.now();
      if (error !== undefined) attempt.error = error;
    };
  }

  /** What the newest attempts were told that were not acknowledged, most frequent first, figures left out. */
  newestErrors(sinceMs: number): [message: string, count: number][] {
    const counts = new Map<string, number>();
    for (const { kind, outcome, sentAtMs, error = 'no answer yet' } of this.attempts) {
      if (outcome === 'acknowledged' || sentAtMs < sinceMs) continue;
      const message = `${kind} ${outcome}: ${error.replace(/0x[0-9a-f]+|\d+/g, '#')}`;
      counts.set(message, (counts.get(message) ?? 0) + 1);
    }
    return [...counts].sort((a, b) => b[1] - a[1]);
  }

  /** How many attempts ended in each way. */
  counts(): Record<ClientAttempt['outcome'], number> & { sent: number } {
    const counts = { sent: this.attempts.length, acknowledged: 0, refused: 0, unknown: 0 };
    for (const { outcome } of this.attempts) counts[outcome] += 1;
    return counts;
  }
}
