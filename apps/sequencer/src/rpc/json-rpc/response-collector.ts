import { RESPONSE_LENGTH_MAX } from '../limits.js';
import { type CallId, errorText, resultText } from './call.js';
import { RpcCode, RpcError, toErrorObject } from './rpc-error.js';

/** Collects the answers to the calls of one body, in the calls' order, and bounds their size together. */
export class ResponseCollector {
  private readonly texts: (string | undefined)[];
  private length = 0;

  constructor(
    callCount: number,
    private readonly report: (thrown: unknown) => void,
  ) {
    this.texts = new Array<string | undefined>(callCount);
  }

  /** Whether the answers have come to so much that a further call is not worth being carried out. */
  get isFull(): boolean {
    return this.length > RESPONSE_LENGTH_MAX;
  }

  /** Answers a call; a notification (id undefined) gets none. @param result JSON */
  succeed(index: number, id: CallId | undefined, result: string): void {
    if (id === undefined) return;
    this.length += result.length;
    if (this.isFull) return this.fail(index, id, responseTooLarge());
    this.texts[index] = resultText(id, result);
  }

  /** Answers a call with the error that stands for what was thrown. */
  fail(index: number, id: CallId | undefined, thrown: unknown): void {
    const error = toErrorObject(thrown, this.report);
    if (id !== undefined) this.texts[index] = errorText(id, error);
  }

  /** The body of the answer; null when there is nothing to answer. */
  toBody(isBatch: boolean): string | null {
    const answers = this.texts.filter((text) => text !== undefined);
    if (answers.length === 0) return null;
    return isBatch ? `[${answers.join(',')}]` : answers[0]!;
  }
}

/** geth's words for it. */
export const responseTooLarge = (): RpcError =>
  new RpcError({ code: 'RESPONSE_TOO_LARGE', rpcCode: RpcCode.RESPONSE_TOO_LARGE }, 'response too large');
