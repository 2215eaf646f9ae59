import { type JsonRequests, MessagingError } from '#libs/messaging';
import { readSubject } from '#libs/protocol';
import { SubmissionError } from './engine/submission-error.js';

const TIMEOUT_MS = 2_000;
/** JSON-RPC's code for a call that reverted, as geth has it. */
const EXECUTION_REVERTED = 3;

interface ReadAnswer {
  result?: unknown;
  error?: { code: number | string; message: string; data?: unknown };
}

/** Reads rollups' states from their executors. */
export class ExecutorReads {
  constructor(private readonly requests: JsonRequests) {}

  /** @throws SubmissionError `EXECUTOR_UNAVAILABLE` when none answers in time, or what the executor answered */
  async read(chainId: number, method: string, params: unknown, timeoutMs = TIMEOUT_MS): Promise<unknown> {
    const answer = await this.requests
      .request<ReadAnswer>(readSubject(chainId), { method, params }, timeoutMs)
      .catch((thrown: unknown) => {
        if (!(thrown instanceof MessagingError)) throw thrown;
        throw SubmissionError.of('EXECUTOR_UNAVAILABLE', `the executor of rollup ${chainId} does not answer`);
      });
    if (!answer.error) return answer.result;
    const { code, message, data } = answer.error;
    throw SubmissionError.of(code === EXECUTION_REVERTED ? 'EXECUTION_REVERTED' : 'EXECUTOR_REFUSED', message, {
      ...(typeof code === 'number' ? { rpcCode: code } : {}),
      ...(typeof data === 'string' ? { data } : {}),
    });
  }
}
