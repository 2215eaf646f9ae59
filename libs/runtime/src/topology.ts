import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type Genesis, hexToBytes, PROTOCOL_VERSION } from '#libs/protocol';
import { ConfigurationError } from './environment.js';

const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/, 'must be 20 bytes as 0x hex');
const amount = z.string().regex(/^[0-9]+$/, 'must be a whole number of base units as a decimal string');
const chainId = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER);
const name = z.string().min(1).max(32);

/** What a topology file says: rollups, keys, assets, markets, pools and the balances there are at genesis. */
export const TopologySchema = z.strictObject({
  registryKey: address,
  sequencerKeys: z.array(address).min(1).max(16),
  rollups: z
    .array(z.strictObject({ chainId, name, votingKey: address, replicaKeys: z.array(address).max(8).default([]) }))
    .min(1)
    .max(64),
  assets: z
    .array(z.strictObject({ address, symbol: z.string().min(1).max(16), decimals: z.number().int().min(0).max(36) }))
    .min(1)
    .max(64),
  nativeAsset: address,
  feeAccount: address,
  markets: z.array(z.strictObject({ underlying: address, quote: address, priceKey: address })).max(256),
  pools: z.array(z.strictObject({ address, operator: address, name })).max(1024),
  prepareMsMax: z.number().int().min(100).max(600_000).default(10_000),
  balances: z.array(
    z.strictObject({
      /** Rollups on which each owner gets the amount. */
      chainIds: z.array(chainId).min(1),
      owners: z.array(address).min(1),
      asset: address,
      amount,
    }),
  ),
});
export type Topology = z.output<typeof TopologySchema>;

/** Reads a topology file. @throws ConfigurationError naming what is wrong in it */
export function readTopology(file: string): Topology {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw topologyError(file, cause instanceof Error ? cause.message : String(cause));
  }
  const result = TopologySchema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw topologyError(file, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`);
}

/**
 * The genesis that a topology stands for. The same topology, randomness and start time give the same log id.
 * @param randomness 32 bytes
 */
export function genesisOf(topology: Topology, randomness: Uint8Array, startTimeMs: number): Genesis {
  const utf8 = new TextEncoder();
  return {
    version: PROTOCOL_VERSION,
    registry: {
      protocolVersion: PROTOCOL_VERSION,
      changeCount: 0,
      registryKey: hexToBytes(topology.registryKey),
      sequencerKeys: topology.sequencerKeys.map(hexToBytes),
      rollups: topology.rollups.map((rollup) => ({
        chainId: rollup.chainId,
        name: utf8.encode(rollup.name),
        votingKey: hexToBytes(rollup.votingKey),
        replicaKeys: rollup.replicaKeys.map(hexToBytes),
        paused: false,
        quarantined: false,
      })),
      assets: topology.assets.map(({ address, symbol, decimals }) => {
        return { address: hexToBytes(address), symbol: utf8.encode(symbol), decimals };
      }),
      pools: topology.pools.map((pool) => ({
        address: hexToBytes(pool.address),
        operator: hexToBytes(pool.operator),
        name: utf8.encode(pool.name),
      })),
      markets: topology.markets.map(({ underlying, quote, priceKey }) => ({
        underlying: hexToBytes(underlying),
        quote: hexToBytes(quote),
        priceKey: hexToBytes(priceKey),
      })),
      series: [],
    },
    balances: topology.balances.flatMap(({ chainIds, owners, asset, amount }) =>
      chainIds.flatMap((chainId) =>
        owners.map((owner) => {
          return { chainId, owner: hexToBytes(owner), asset: hexToBytes(asset), amount: BigInt(amount) };
        }),
      ),
    ),
    nativeAsset: hexToBytes(topology.nativeAsset),
    feeAccount: hexToBytes(topology.feeAccount),
    prepareMsMax: topology.prepareMsMax,
    randomness,
    startTimeMs,
  };
}

function topologyError(file: string, problem: string): ConfigurationError {
  return new ConfigurationError(
    { code: 'CONFIGURATION', setting: 'LOCKSTEP_TOPOLOGY' },
    `The topology file ${file} cannot be used: ${problem}.`,
    'Correct the file, or set LOCKSTEP_TOPOLOGY to another one.',
  );
}
