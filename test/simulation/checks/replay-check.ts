import { genesisCursor } from '#libs/executor-sdk';
import { Ledger } from '#libs/options';
import { bytesToHex, decodeDecision, decodePrepare, EntryKind, equalBytes, Outcome } from '#libs/protocol';
import { feedMessage, follow, type FollowedBlock } from '../world/feed.js';
import type { World } from '../world/world.js';
import { mustHold } from './violation.js';

/**
 * Executes the whole log again, from genesis on: each rollup comes to the same state root (I15), and, where no
 * transaction was reverted, leaving aborted operations out changes nothing that anyone owns (I29).
 */
export function checkReplay(world: World): void {
  const aborted = new Set(
    [...world.checks.log.operations.values()].flatMap(({ id, decision }) =>
      decision?.outcome === Outcome.abort ? [id] : [],
    ),
  );
  const runs = world.topology.chainIds.map((chainId) => ({ chainId, ...replay(world, chainId, () => true) }));
  for (const { chainId, ledger } of runs) {
    const live = world.executors.get(chainId)!.process!.ledger;
    const isSame = equalBytes(ledger.stateRoot(), live.stateRoot());
    mustHold(isSame, 'I15', () => `rollup ${chainId}: executing the log again gives another state root`);
  }
  if (aborted.size === 0 || runs.some(({ reverted }) => reverted > 0)) return;
  const isKept = (kind: EntryKind, bytes: Uint8Array): boolean => !aborted.has(operationOf(kind, bytes) ?? '');
  for (const { chainId, ledger } of runs) {
    const without = replay(world, chainId, isKept).ledger;
    mustHold(
      owned(without) === owned(ledger),
      'I29',
      () => `rollup ${chainId}: aborted operations have changed something`,
    );
  }
}

function replay(
  { crypto, topology, log }: World,
  chainId: number,
  isKept: (kind: EntryKind, bytes: Uint8Array) => boolean,
): { ledger: Ledger; reverted: number } {
  const ledger = Ledger.fromGenesis(topology.genesis, chainId, crypto.ledger);
  let cursor = genesisCursor(topology.genesis, chainId);
  let reverted = 0;
  for (const kept of log.blocks) {
    const block: FollowedBlock = follow(crypto, cursor, feedMessage(crypto, kept, chainId));
    const entries = block.entries.filter(({ kind, bytes }) => isKept(kind, bytes));
    const { receipts } = ledger.applyBlock({ ...block, entries });
    for (const { status } of receipts) reverted += status === 'reverted' ? 1 : 0;
    cursor = { ...block.cursor, registry: ledger.registry };
  }
  return { ledger, reverted };
}

/** The operation that an entry prepares or decides, as hex. */
function operationOf(kind: EntryKind, bytes: Uint8Array): string | null {
  if (kind === EntryKind.PREPARE) return bytesToHex(decodePrepare(bytes).operationId);
  if (kind === EntryKind.DECISION) return bytesToHex(decodeDecision(bytes).operationId);
  return null;
}

/** Everything that anyone owns or owes, in an order of its own. */
function owned(ledger: Ledger): string {
  const tables = [ledger.balances(), ledger.positions(), ledger.exposures(), ledger.collateral()];
  const rows = tables.flatMap((rows, table) =>
    [...rows].map(({ key, available, held }) => `${table} ${key} ${available} ${held}`),
  );
  return rows.sort().join('\n');
}
