import type { Hex } from 'viem';
import { bytesToHex, hexToBytes, type SeriesTerms } from '#libs/protocol';
import type { World } from './world.js';

export const ETHER = 10n ** 18n;
export const DOLLAR = 10n ** 6n;

/** Log time by which an operation has to be decided: well within the ten seconds it may be prepared for. */
export const deadline = (ms = 8_000): bigint => BigInt(Date.now() + ms);

/** A listed series with what the steps need to know of it. */
export interface ListedSeries {
  id: Hex;
  terms: SeriesTerms;
}

export interface ListedOptions {
  /** American call, strike 2,000, settled in cash. */
  call: ListedSeries;
  /** American put, strike 2,500, settled physically, backed by the pool. */
  put: ListedSeries;
  /** European call, strike 2,000, expiring seconds ahead. */
  european: ListedSeries;
}

/** Lists the scenario's own series by signed registry entries. */
export async function listSeries(world: World): Promise<ListedOptions> {
  const [options, collateral, cash] = world.rollups.map(({ chain }) => chain.id) as [number, number, number];
  const expiryMs = Date.now() + 3_600_000;
  const common = {
    underlying: hexToBytes(world.eth),
    quote: hexToBytes(world.usd),
    exerciseWindowMs: 0,
    isPut: false,
    isEuropean: false,
    isPhysical: false,
    positionChainId: options,
    collateralChainId: collateral,
    settlementChainId: cash,
  };
  const list = async (terms: SeriesTerms): Promise<ListedSeries> => {
    return { id: bytesToHex(await world.registry.listSeries(terms)), terms };
  };
  return {
    call: await list({ ...common, strike: 2_000n * DOLLAR, expiryMs, exposureChainId: collateral }),
    put: await list({
      ...common,
      strike: 2_500n * DOLLAR,
      expiryMs,
      isPut: true,
      isPhysical: true,
      exposureChainId: cash,
    }),
    european: await list({
      ...common,
      strike: 2_000n * DOLLAR,
      expiryMs: Date.now() + 12_000,
      exerciseWindowMs: 120_000,
      isEuropean: true,
      exposureChainId: options,
    }),
  };
}

/** Writes options to the holder by write operations: two by the writer, one by the pool. Returns their ids. */
export async function writeOptions(world: World, { call, put, european }: ListedOptions): Promise<Hex[]> {
  const [writer, holder] = world.accounts;
  const operator = world.accounts[9]!;
  const write = async (
    { id, terms }: ListedSeries,
    backer: Hex,
    quantity: bigint,
    signers: World['accounts'],
  ): Promise<Hex> => {
    const intent = {
      series: id,
      writer: signers[0]!.address,
      backer,
      buyer: holder!.address,
      quantity,
      premium: 40n * DOLLAR,
      deadlineMs: deadline(),
      nonce: world.freshNonce(),
    };
    const operation = await world.operations.submit('WriteIntent', terms.positionChainId, intent, signers);
    const { decision } = await world.feed.decided(operation.id);
    if (decision.outcome !== 1) throw new Error(`writing ${id} was aborted: reason ${decision.reason}`);
    return operation.id;
  };
  return [
    await write(call, writer!.address, 20n * ETHER, [writer!, holder!]),
    await write(put, world.pool, 5n * ETHER, [operator, holder!]),
    await write(european, writer!.address, 3n * ETHER, [writer!, holder!]),
  ];
}
