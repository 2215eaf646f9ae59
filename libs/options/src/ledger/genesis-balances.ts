import { bytesToHex, type Genesis, LockstepError } from '#libs/protocol';
import { bytesKey } from '../bytes-key.js';
import type { LedgerState } from '../state/ledger-state.js';

/** Bounds that keep every sum of quantities below 2^256: supply × 10^decimals < 2^255. */
const DECIMALS_MAX = 38;
const SUPPLY_MAX = 2n ** 128n - 1n;

/** A genesis that no ledger can start from. */
export class LedgerGenesisError extends LockstepError<
  | { code: 'GENESIS_DECIMALS'; asset: string; decimals: number }
  | { code: 'GENESIS_SUPPLY'; asset: string; supply: bigint }
  | { code: 'GENESIS_UNKNOWN_ASSET'; asset: string }
> {}

/**
 * Gives a rollup's accounts what genesis says, in its order: the only source of assets. A rollup that was registered later
 * starts with nothing.
 * @throws LedgerGenesisError when an amount later could leave 256 bits, or an asset is unknown
 */
export function creditGenesis(state: LedgerState, genesis: Genesis, chainId: number): void {
  checkGenesis(genesis);
  if (!genesis.registry.rollups.some((rollup) => rollup.chainId === chainId)) return;
  for (const { chainId: owned, owner, asset, amount } of genesis.balances) {
    if (owned === chainId && amount > 0n) state.creditBalance(owner, asset, amount);
  }
}

const checked = new WeakSet<Genesis>();

/** Its balances are checked once for each value: a genesis is never changed in place. */
function checkGenesis(genesis: Genesis): void {
  const { registry, balances } = genesis;
  if (checked.has(genesis)) return;
  const supplies = new Map(registry.assets.map(({ address }) => [bytesKey(address), 0n]));
  for (const { asset, amount } of balances) {
    const supply = supplies.get(bytesKey(asset));
    const shown = bytesToHex(asset);
    if (supply === undefined) {
      throw new LedgerGenesisError(
        { code: 'GENESIS_UNKNOWN_ASSET', asset: shown },
        `Genesis gives out asset ${shown}, which it does not list.`,
      );
    }
    supplies.set(bytesKey(asset), supply + amount);
  }
  for (const { address, decimals } of registry.assets) {
    const asset = bytesToHex(address);
    const supply = supplies.get(bytesKey(address))!;
    if (decimals > DECIMALS_MAX) {
      throw new LedgerGenesisError(
        { code: 'GENESIS_DECIMALS', asset, decimals },
        `Asset ${asset} has ${decimals} decimals, at most ${DECIMALS_MAX} are possible.`,
      );
    }
    if (supply > SUPPLY_MAX) {
      throw new LedgerGenesisError(
        { code: 'GENESIS_SUPPLY', asset, supply },
        `Genesis gives out ${supply} of asset ${asset}, at most 2^128 − 1 are possible.`,
      );
    }
  }
  checked.add(genesis);
}
