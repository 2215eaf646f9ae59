import { type Ledger, OperationStatus } from '#libs/options';
import { bytesToHex, equalBytes, type Hex, OperationKind, Reason } from '#libs/protocol';

const utf8 = new TextDecoder();

interface HoldingRow {
  available: bigint;
  held: bigint;
}
export const amounts = ({ available, held }: HoldingRow): { available: string; held: string } => ({
  available: String(available),
  held: String(held),
});
const decimals = (totals: ReadonlyMap<Hex, bigint>): Record<string, string> =>
  Object.fromEntries([...totals].map(([id, amount]) => [id, String(amount)]));

export const position = (row: HoldingRow & { holder: Uint8Array; series: Uint8Array; backer: Uint8Array }) => ({
  holder: bytesToHex(row.holder),
  series: bytesToHex(row.series),
  backer: bytesToHex(row.backer),
  ...amounts(row),
});
export const exposure = (row: HoldingRow & { series: Uint8Array; backer: Uint8Array }) => ({
  series: bytesToHex(row.series),
  backer: bytesToHex(row.backer),
  ...amounts(row),
});
export const collateral = (row: HoldingRow & { series: Uint8Array; backer: Uint8Array; asset: Uint8Array }) => ({
  ...exposure(row),
  asset: bytesToHex(row.asset),
});

/** What an owner has of each asset of the registry. */
export const balancesJson = (ledger: Ledger, owner: Uint8Array) =>
  ledger.registry.assets.map(({ address, symbol, decimals: places }) => ({
    asset: bytesToHex(address),
    symbol: utf8.decode(symbol),
    decimals: places,
    ...amounts(ledger.balanceOf(owner, address)),
  }));

/** All that one owner has on this rollup, and owes. Amounts are decimal strings of base units. */
export function ownerJson(ledger: Ledger, owner: Uint8Array): Record<string, unknown> {
  return {
    ...placeJson(ledger),
    owner: bytesToHex(owner),
    nonce: String(ledger.nonceOf(owner)),
    balances: balancesJson(ledger, owner),
    positions: [...ledger.positions()].filter((row) => equalBytes(row.holder, owner)).map(position),
    exposures: [...ledger.exposures()].filter((row) => equalBytes(row.backer, owner)).map(exposure),
    collateral: [...ledger.collateral()].filter((row) => equalBytes(row.backer, owner)).map(collateral),
  };
}

/** What a checker compares between rollups at one height; with `rows` every row besides. */
export function stateJson(ledger: Ledger, stateRoot: Uint8Array, rows: boolean): Record<string, unknown> {
  const summary = {
    ...placeJson(ledger),
    stateRoot: bytesToHex(stateRoot),
    totals: decimals(ledger.totals()),
    longs: decimals(ledger.longs()),
    shorts: decimals(ledger.shorts()),
    undecided: [...ledger.operations()].map((row) => ({
      operationId: bytesToHex(row.operationId),
      kind: OperationKind[row.kind],
      status: OperationStatus[row.status],
      reason: Reason[row.reason],
      deadlineMs: row.deadlineMs,
      participants: row.participants.map(({ chainId }) => chainId),
    })),
  };
  if (!rows) return summary;
  const balances = [...ledger.balances()].map((row) => ({
    owner: bytesToHex(row.owner),
    asset: bytesToHex(row.asset),
    ...amounts(row),
  }));
  return {
    ...summary,
    balances,
    positions: [...ledger.positions()].map(position),
    exposures: [...ledger.exposures()].map(exposure),
    collateral: [...ledger.collateral()].map(collateral),
  };
}

/** Where a ledger stands. */
export function placeJson(ledger: Ledger): Record<string, unknown> {
  const { chainId, number, blockHash, timestampMs, laneSequences } = ledger;
  return {
    chainId,
    number,
    hash: bytesToHex(blockHash),
    timestampMs,
    laneSequences: { own: String(laneSequences.own), shared: String(laneSequences.shared) },
  };
}
