import { createDataSource, LogReader } from '#libs/persistence';
import type { Hex } from '#libs/protocol';
import type { ExecutorState, HistoryLog } from './history.js';
import { readHistoryLog } from './read-history-log.js';

/** Whoever only checks can wait on a machine that is busy with what is checked. */
const READ_TIMEOUTS = { connectMs: 30_000, statementMs: 59_000, answerMs: 60_000 };

/** What an executor answers to `lockstep_state`. */
export interface StateJson {
  number: number;
  hash: Hex;
  timestampMs: number;
  stateRoot: Hex;
  totals: Record<string, string>;
  longs: Record<string, string>;
  shorts: Record<string, string>;
  undecided: { operationId: Hex }[];
  laneSequences: { own: string; shared: string };
}

/** An executor's answer to `lockstep_state` as the checks take it. */
export function executorState(name: string, chainId: number, state: StateJson): ExecutorState {
  return {
    name,
    chainId,
    number: state.number,
    blockHash: state.hash,
    stateRoot: state.stateRoot,
    totals: amounts(state.totals),
    longs: amounts(state.longs),
    shorts: amounts(state.shorts),
    undecided: state.undecided.map(({ operationId }) => operationId),
    cursor: { own: BigInt(state.laneSequences.own), shared: BigInt(state.laneSequences.shared) },
  };
}

/**
 * Reads the log of a running network from its Postgres.
 * @param upToBlock what comes after is left out: heartbeats go on while we look, all parties are compared at one height
 */
export async function readLogFrom(databaseUrl: string, upToBlock = Infinity): Promise<HistoryLog> {
  const { genesis, blocks, entries } = await reading(databaseUrl, readHistoryLog);
  return {
    genesis,
    blocks: blocks.filter(({ header }) => header.number <= upToBlock),
    entries: entries.filter(({ blockNumber }) => blockNumber <= upToBlock),
  };
}

/** Number of the newest block in Postgres, whoever has been handed it. @throws Error when the log has not begun */
export async function newestBlockFrom(databaseUrl: string): Promise<number> {
  const head = await reading(databaseUrl, (reader) => reader.head());
  if (!head) throw new Error('the log has no genesis yet');
  return head.number;
}

async function reading<T>(databaseUrl: string, read: (reader: LogReader) => Promise<T>): Promise<T> {
  const dataSource = await createDataSource(databaseUrl, {
    ...{ applicationName: 'lockstep history', poolSize: 2 },
    timeouts: READ_TIMEOUTS,
  });
  try {
    return await read(new LogReader(dataSource));
  } finally {
    await dataSource.destroy();
  }
}

const amounts = (record: Record<string, string>): Map<Hex, bigint> =>
  new Map(Object.entries(record).map(([id, amount]) => [id as Hex, BigInt(amount)]));
