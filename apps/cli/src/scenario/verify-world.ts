import {
  checkHistory,
  executorState,
  type ExecutorState,
  type FollowerHistory,
  handedBlock,
  type InvariantId,
  type InvariantReport,
  readLogFrom,
  type StateJson,
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

/**
 * Checks the log in Postgres, what every follower was handed, and what the executors state at one and the same height.
 */
export async function verifyWorld(world: World): Promise<{ reports: InvariantReport[]; ordered: number }> {
  const { network, feed, signal } = world;
  // Far enough ahead that the question is there before the block is.
  const height = feed.height() + 3;
  const executors = await Promise.all(network.chainIds.map((chainId) => executorAt(world, chainId, height)));
  const isThere = (): boolean => {
    signal.throwIfAborted();
    return feed.height() >= height;
  };
  await waitFor(`followers at block ${height}`, isThere, 20_000);
  const log = await readLogFrom(network.databaseUrl);
  const followers = followerHistories(world, log.blocks.length);
  const history = { log, followers, executors };
  const reports = checkHistory(history, { invariants: CHECKED_INVARIANTS, atRest: true });
  return { reports, ordered: log.entries.length };
}

async function executorAt({ network }: World, chainId: number, height: number): Promise<ExecutorState> {
  const state = await network.read<StateJson>(chainId, 'lockstep_state', [{ height, timeoutMs: 5_500 }]);
  return executorState(`executor ${chainId}`, chainId, state);
}

/** What this process's own followers were handed, as far as the log was read. */
const followerHistories = ({ feed }: World, head: number): FollowerHistory[] =>
  [...feed.blocks].map(([chainId, blocks]) => ({
    name: `follower ${chainId}`,
    chainId,
    from: 1,
    handed: blocks.filter(({ header }) => header.number <= head).map(handedBlock),
  }));
