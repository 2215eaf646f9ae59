import type { Hex } from '#libs/protocol';
import { bytesToHex, hexToBytes, type SeriesTerms } from '#libs/protocol';
import type { LeaderRegistry } from './leader-registry.js';
import type { ClientWorld } from './client-world.js';

export const ETHER = 10n ** 18n;
export const DOLLAR = 10n ** 6n;

/** A listed series, and whether the pool or a writer backs its options. */
export interface LoadSeries {
  id: Hex;
  terms: SeriesTerms;
  backedByPool: boolean;
}

/** Terms of an American call, strike 2,000, settled in cash, with a rollup for each role. */
export function callTerms({ chainIds, assets }: ClientWorld, expiryMs: number): SeriesTerms {
  const [positionChainId, collateralChainId, settlementChainId] = chainIds as [number, number, number];
  return {
    underlying: hexToBytes(assets.eth),
    quote: hexToBytes(assets.usd),
    strike: 2_000n * DOLLAR,
    expiryMs,
    exerciseWindowMs: 0,
    isPut: false,
    isEuropean: false,
    isPhysical: false,
    positionChainId,
    exposureChainId: collateralChainId,
    collateralChainId,
    settlementChainId,
  };
}

/**
 * Lists what the load trades: a cash-settled call on three rollups, a physically settled put of the pool on three, and
 * a European call that expires during the run, so that its exercises begin and its window ends meanwhile.
 */
export async function listLoadSeries(
  world: ClientWorld,
  registry: LeaderRegistry,
  runMs: number,
): Promise<LoadSeries[]> {
  const nowMs = world.logTimeMs();
  const call = callTerms(world, nowMs + 86_400_000);
  const put = {
    ...call,
    strike: 2_500n * DOLLAR,
    isPut: true,
    isPhysical: true,
    exposureChainId: call.settlementChainId,
  };
  const european = {
    ...call,
    isEuropean: true,
    expiryMs: nowMs + Math.floor(runMs / 3),
    exerciseWindowMs: Math.floor(runMs / 3),
    exposureChainId: call.positionChainId,
  };
  const list = async (terms: SeriesTerms, backedByPool: boolean): Promise<LoadSeries> => {
    return { id: bytesToHex(await registry.listSeries(terms)), terms, backedByPool };
  };
  return [await list(call, false), await list(put, true), await list(european, false)];
}
