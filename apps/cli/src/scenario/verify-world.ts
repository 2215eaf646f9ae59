import { createDataSource, LogReader } from '#libs/persistence';
import type { Hex } from '#libs/protocol';
import {
  checkHistory,
  type ExecutorState,
  type FollowerHistory,
  handedBlock,
  type InvariantId,
  type InvariantReport,
  readHistoryLog,
  waitFor,
} from '#libs/testkit';
import type { World } from './world.js';

/** What the guided scenario checks at its end. */
export const CHECKED_INVARIANTS: InvariantId[] = [
  'I1',
  'I2',
  'I5',
  'I12',
  'I13',
  'I16',
  'I17',
  'I18',
  'I19',
  'I20',
  'I21',
  'I22',
];

interface StateJson {
  number: number;
  hash: Hex;
  stateRoot: Hex;
  totals: Record<string, string>;
  longs: Record<string, string>;
  shorts: Record<string, string>;
  undecided: { operationId: Hex }[];
  laneSequences: { own: string; shared: string };
}

/**
 * Checks the log in Postgres, what every follower was handed, and what the executors state at one and the same height.
 */
export async function verifyWorld(world: World): Promise<{ reports: InvariantReport[]; ordered: number }> {
  const { network, feed } = world;
  // Far enough ahead that the question is there before the block is.
  const height = feed.height() + 3;
  const executors = await Promise.all(network.chainIds.map((chainId) => executorAt(world, chainId, height)));
  await waitFor(`followers at block ${height}`, () => feed.height() >= height, 20_000);
  const dataSource = await createDataSource(network.databaseUrl, { applicationName: 'lockstep scenario', poolSize: 2 });
  try {
    const log = await readHistoryLog(new LogReader(dataSource));
    const followers = followerHistories(world, log.blocks.length);
    const history = { log, followers, executors };
    return {
      reports: checkHistory(history, { invariants: CHECKED_INVARIANTS, atRest: true }),
      ordered: log.entries.length,
    };
  } finally {
    await dataSource.destroy();
  }
}

async function executorAt({ network }: World, chainId: number, height: number): Promise<ExecutorState> {
  const state = await network.read<StateJson>(chainId, 'lockstep_state', [{ height, timeoutMs: 20_000 }]);
  return {
    name: `executor ${chainId}`,
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

/** What this process's own followers were handed, as far as the log was read. */
const followerHistories = ({ feed }: World, head: number): FollowerHistory[] =>
  [...feed.blocks].map(([chainId, blocks]) => ({
    name: `follower ${chainId}`,
    chainId,
    from: 1,
    handed: blocks.filter(({ header }) => header.number <= head).map(handedBlock),
  }));

const amounts = (record: Record<string, string>): Map<Hex, bigint> =>
  new Map(Object.entries(record).map(([id, amount]) => [id as Hex, BigInt(amount)]));
