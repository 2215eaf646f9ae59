import type { Ledger } from '#libs/options';
import { bytesToHex, equalBytes } from '#libs/protocol';
import type { Executor } from '../engine/executor.js';
import { operationJson } from './operation-json.js';
import { bytesParam, wholeNumberParam } from './params.js';
import { ReadError } from './read-error.js';
import { amounts, balancesJson, collateral, exposure, placeJson, position } from './state-json.js';

const PAGE_ROWS = 100;
/** So that an answer stays far below what NATS takes in one message. */
const PAGE_ROWS_MAX = 500;

type AdminRead = (executor: Executor, params: Record<string, unknown>) => unknown;

/**
 * Reads for the admin API. The params are one object; amounts are decimal strings of base units. Lists are pages in a
 * stable order: `cursor` is the `nextCursor` of the page before, null at the end. A row that goes and comes again
 * meanwhile may be in two pages or in none.
 */
export const ADMIN_READS: Record<string, AdminRead> = {
  /** `{id}` → what is kept of an operation, or null. */
  operation: async ({ store, options }, { id }) => {
    const record = await store.operations.find(bytesParam(id, 32, 'id'));
    return record && operationJson(options.chainId, record);
  },

  /** `{account}` → nonce and all balances. */
  account: ({ ledger }, { account }) => {
    const owner = bytesParam(account, 20, 'account');
    return {
      ...placeJson(ledger),
      account: bytesToHex(owner),
      nonce: String(ledger.nonceOf(owner)),
      balances: balancesJson(ledger, owner),
    };
  },

  /** `{side?: long|short|collateral, account?, series?, cursor?, limit?}` → positions, exposures or locked collateral. */
  positions: ({ ledger }, { side = 'long', account, series, cursor, limit }) => {
    const owner = account === undefined ? null : bytesParam(account, 20, 'account');
    const wanted = series === undefined ? null : bytesParam(series, 32, 'series');
    const matches = (row: { series: Uint8Array }, rowOwner: Uint8Array): boolean =>
      (!owner || equalBytes(rowOwner, owner)) && (!wanted || equalBytes(row.series, wanted));
    const paging = { cursor, limit };
    switch (side) {
      case 'long':
        return page(ledger, ledger.positions(), (row) => matches(row, row.holder), position, paging);
      case 'short':
        return page(ledger, ledger.exposures(), (row) => matches(row, row.backer), exposure, paging);
      case 'collateral':
        return page(ledger, ledger.collateral(), (row) => matches(row, row.backer), collateral, paging);
      default:
        throw ReadError.params('side must be long, short or collateral');
    }
  },

  /** `{cursor?, limit?}` → what every account has of every asset. */
  balances: ({ ledger }, { cursor, limit }) => {
    const json = (row: BalanceRow) => ({
      owner: bytesToHex(row.owner),
      asset: bytesToHex(row.asset),
      ...amounts(row),
    });
    return page(ledger, ledger.balances(), () => true, json, { cursor, limit });
  },

  /** `{cursor?, limit?}` → pools of the registry with their balances, and what is locked of each asset for their shorts. */
  pools: ({ ledger }, { cursor, limit }) => {
    const pools = ledger.registry.pools.map((pool, slot) => ({ ...pool, slot }));
    const json = (pool: (typeof pools)[number]) => ({
      pool: bytesToHex(pool.address),
      operator: bytesToHex(pool.operator),
      name: new TextDecoder().decode(pool.name),
      balances: balancesJson(ledger, pool.address),
      locked: lockedBy(ledger, pool.address),
    });
    return page(ledger, pools, () => true, json, { cursor, limit: limit ?? 20 }, 50);
  },

  /** Lane sequences and the vector clock. */
  clock: (executor) => {
    const { clock, laneSequences } = executor.describe();
    return { ...placeJson(executor.ledger), laneSequences, clock };
  },
};

type BalanceRow = ReturnType<Ledger['balances']> extends Iterable<infer R> ? R : never;

/** Rows from a slot on, as many as asked for. */
function page<R extends { slot: number }>(
  ledger: Ledger,
  rows: Iterable<R>,
  matches: (row: R) => boolean,
  json: (row: R) => object,
  { cursor, limit }: { cursor: unknown; limit: unknown },
  rowsMax = PAGE_ROWS_MAX,
): Record<string, unknown> {
  const from = wholeNumberParam(cursor, 'cursor', 0, Number.MAX_SAFE_INTEGER);
  const count = wholeNumberParam(limit, 'limit', Math.min(PAGE_ROWS, rowsMax), rowsMax);
  const found: object[] = [];
  let nextCursor: string | null = null;
  for (const row of rows) {
    if (row.slot < from || !matches(row)) continue;
    if (found.length === count) {
      nextCursor = String(row.slot);
      break;
    }
    found.push(json(row));
  }
  return { ...placeJson(ledger), rows: found, nextCursor };
}

function lockedBy(ledger: Ledger, backer: Uint8Array): { asset: string; available: string; held: string }[] {
  const byAsset = new Map<string, { available: bigint; held: bigint }>();
  for (const row of ledger.collateral()) {
    if (!equalBytes(row.backer, backer)) continue;
    const asset = bytesToHex(row.asset);
    const sum = byAsset.get(asset) ?? { available: 0n, held: 0n };
    byAsset.set(asset, { available: sum.available + row.available, held: sum.held + row.held });
  }
  return [...byAsset].map(([asset, sum]) => ({ asset, ...amounts(sum) }));
}
