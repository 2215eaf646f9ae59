import type { JsonRequests } from '#libs/messaging';
import { waitFor } from '../network/wait-for.js';
import { executorState, newestBlockFrom, type StateJson } from './from-network.js';
import type { ExecutorState } from './history.js';

/** An executor to ask over NATS. */
export interface AskedExecutor {
  /** For messages. */
  name: string;
  chainId: number;
  /** Where it answers reads. */
  subject: string;
}

export interface StatesOptions {
  /** Of the log: the height is not chosen below its newest block, however far behind the executors are. */
  databaseUrl: string;
  /** So many blocks ahead that the question is with all executors before the block is. Default 3. */
  blocksAhead?: number;
  /** How long an executor may take to come back after a fault, and again to reach the height. Default 20 s. */
  timeoutMs?: number;
}

interface ReadAnswer<T> {
  result?: T;
  error?: { message: string };
}

/** Tries to choose a height that has not passed by the time all executors were asked. */
const TRIES_MAX = 4;

/**
 * What executors state of one height, up to which the log holds all that was acknowledged before this was called. They
 * state only the height they stand at, so one is chosen that lies ahead of the log and of all of them; where one has
 * passed it before the question came, a height is chosen anew, twice as far ahead.
 *
 * @throws Error naming the executor that does not answer, or does not reach the height
 */
export async function statesAtOneHeight(
  requests: JsonRequests,
  executors: readonly AskedExecutor[],
  options: StatesOptions,
): Promise<{ height: number; states: ExecutorState[] }> {
  const { databaseUrl, blocksAhead = 3, timeoutMs = 20_000 } = options;
  for (let tries = 1, ahead = blocksAhead; ; tries++, ahead *= 2) {
    const standing = await Promise.all(executors.map((executor) => untilAnswers(requests, executor, timeoutMs)));
    const height = Math.max(await newestBlockFrom(databaseUrl), ...standing) + ahead;
    const params = [{ height, timeoutMs }];
    const answers = await Promise.all(
      executors.map(({ subject }) =>
        requests.request<ReadAnswer<StateJson>>(subject, { method: 'lockstep_state', params }, timeoutMs + 2_000),
      ),
    );
    if (tries < TRIES_MAX && answers.some(({ error }) => error?.message.includes(`block ${height} is past`))) continue;
    const states = answers.map(({ result, error }, index) => {
      const { name, chainId } = executors[index]!;
      if (!result) throw new Error(`${name} does not state its state at block ${height}: ${error?.message}`);
      return executorState(name, chainId, result);
    });
    return { height, states };
  }
}

/** The block at which an executor stands. After a fault it takes one a moment until it is back on NATS. */
async function untilAnswers(requests: JsonRequests, executor: AskedExecutor, timeoutMs: number): Promise<number> {
  const { name, subject } = executor;
  const request = { method: 'lockstep_waitForHeight', params: [{}] };
  let number: number | undefined;
  const isAnswered = async (): Promise<boolean> => {
    const answer = await requests.request<ReadAnswer<{ number: number }>>(subject, request, 2_000).catch(() => null);
    number = answer?.result?.number;
    return number !== undefined;
  };
  await waitFor(`${name} to answer`, isAnswered, timeoutMs);
  return number!;
}
