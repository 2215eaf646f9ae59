import { bytesToHex, EIP712_TYPES, hexToBytes, type Intent, OperationKind } from '#libs/protocol';
import type { OperationReceipt, OperationStatus } from './engine/operation-desk.js';
import { SubmissionError } from './engine/submission-error.js';
import type { TransactionResult } from './engine/transaction-candidate.js';

/** As long as a client of ours may wait for a block, and a little more. */
const TIMEOUT_MS = 30_000;

interface Answer {
  id: number;
  result?: unknown;
  error?: { code: number; message: string; data?: { code?: string; field?: string; id?: string } };
}

const SUBMIT = {
  [OperationKind.exercise]: ['lockstep_submitExercise', 'ExerciseIntent'],
  [OperationKind.write]: ['lockstep_submitWrite', 'WriteIntent'],
  [OperationKind.close]: ['lockstep_submitClose', 'CloseIntent'],
} as const;

/** Forwards submissions from a stand-by to the leader over JSON-RPC, as any client would send them. */
export class LeaderClient {
  /** @param url the leader's, without a rollup */
  constructor(private readonly url: string) {}

  async submitTransactions(chainId: number, raws: readonly Uint8Array[]): Promise<TransactionResult[]> {
    const calls = raws.map((raw) => ['eth_sendRawTransaction', [bytesToHex(raw)]] as const);
    const answers = await this.call(chainId, calls);
    return answers.map((answer): TransactionResult => {
      if (answer.error) return { error: toError(answer.error) };
      return { hash: hexToBytes(answer.result as string) };
    });
  }

  async submitOperation(chainId: number, intent: Intent, signatures: readonly Uint8Array[]): Promise<OperationReceipt> {
    const [method, type] = SUBMIT[intent.selector];
    const values: Record<string, Uint8Array | bigint> = { ...intent.value };
    const fields = EIP712_TYPES[type].map(({ name }) => {
      const value = values[name];
      return [name, value instanceof Uint8Array ? bytesToHex(value) : String(value)] as const;
    });
    const params = [Object.fromEntries(fields), signatures.map(bytesToHex)];
    const { id, status } = (await this.one(chainId, method, params)) as { id: string; status: OperationStatus };
    return { id: hexToBytes(id), status };
  }

  async nextNonce(chainId: number, sender: Uint8Array): Promise<bigint> {
    return BigInt((await this.one(chainId, 'eth_getTransactionCount', [bytesToHex(sender), 'pending'])) as string);
  }

  private async one(chainId: number, method: string, params: readonly unknown[]): Promise<unknown> {
    const [answer] = await this.call(chainId, [[method, params]]);
    if (answer?.error) throw toError(answer.error);
    return answer?.result;
  }

  private async call(chainId: number, calls: readonly (readonly [string, readonly unknown[]])[]): Promise<Answer[]> {
    const body = calls.map(([method, params], id) => ({ jsonrpc: '2.0', id, method, params }));
    let answers: unknown;
    try {
      const response = await fetch(`${this.url}/${chainId}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      answers = await response.json();
    } catch {
      throw SubmissionError.notLeading();
    }
    if (!Array.isArray(answers) || answers.length !== calls.length) throw SubmissionError.notLeading();
    return (answers as Answer[]).sort((a, b) => a.id - b.id);
  }
}

const toError = ({ code, message, data }: NonNullable<Answer['error']>): SubmissionError =>
  SubmissionError.of(data?.code ?? 'REFUSED', message, {
    rpcCode: code,
    ...(data?.field === undefined ? {} : { field: data.field }),
    ...(data?.id === undefined ? {} : { id: data.id }),
  });
