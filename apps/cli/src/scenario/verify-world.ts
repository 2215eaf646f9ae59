import { readSubject } from '#libs/protocol';
import {
  checkHistory,
  type FollowerHistory,
  handedBlock,
  type InvariantId,
  type InvariantReport,
  readLogFrom,
  statesAtOneHeight,
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
  const { height, states: executors } = await statesAtOneHeight(
    network.requests,
    network.chainIds.map((chainId) => ({ name: `executor ${chainId}`, chainId, subject: readSubject(chainId) })),
    { databaseUrl: network.databaseUrl },
  );
  const isThere = (): boolean => {
    signal.throwIfAborted();
    return feed.height() >= height;
  };
  await waitFor(`followers at block ${height}`, isThere, 20_000);
  const log = await readLogFrom(network.databaseUrl, height);
  const followers = followerHistories(world, height);
  const history = { log, followers, executors };
  const reports = checkHistory(history, { invariants: CHECKED_INVARIANTS, atRest: true });
  return { reports, ordered: log.entries.length };
}

/** What this process's own followers were handed up to this height. */
const followerHistories = ({ feed }: World, height: number): FollowerHistory[] =>
  [...feed.blocks].map(([chainId, blocks]) => ({
    name: `follower ${chainId}`,
    chainId,
    from: 1,
    handed: blocks.filter(({ header }) => header.number <= height).map(handedBlock),
  }));
