import { z } from 'zod';
import { missing } from '../schema/missing.js';
import { address, chainId, count, hash, logTime } from '../schema/scalars.js';

export const Configuration = z
  .object({
    logId: hash.describe('Root of genesis; salt of every EIP-712 domain.'),
    domain: z.object({ name: z.string(), version: z.string(), salt: hash }),
    genesis: z
      .object({
        version: count,
        startTimeMs: logTime,
        prepareMsMax: count.describe('How long an operation may stay undecided, in ms.'),
        nativeAsset: address,
        feeAccount: address,
        marketAddress: address.describe("The options market's contract on every rollup."),
      })
      .describe('Fixed for the life of the log.'),
    bounds: z
      .object({
        rollupsMax: count,
        laneEntriesMax: count,
        participantsMax: count,
        legsMax: count,
        seriesMax: count,
        transactionBytesMax: count,
        sliceBytesMax: count,
      })
      .describe('Fixed for the life of a log.'),
    registry: z
      .object({
        protocolVersion: count,
        changeCount: count.describe('Changes so far; the nonce of the next one.'),
        registryKey: address,
        sequencerKeys: z.array(address),
        rollups: z.array(
          z.object({
            chainId,
            name: z.string(),
            votingKey: address,
            replicaKeys: z.array(address),
            paused: z.boolean(),
            quarantined: z.boolean(),
          }),
        ),
        assets: z.array(z.object({ address, symbol: z.string(), decimals: count })),
        pools: z.array(z.object({ address, operator: address, name: z.string() })),
        markets: z.array(z.object({ underlying: address, quote: address, priceKey: address })),
        seriesCount: count.describe('Listed so far; see `/api/v1/series`.'),
      })
      .describe('In force in the next block.'),
    leader: z
      .object({ epoch: count, url: z.string(), leaseMs: count })
      .nullable()
      .describe('Who leads and for how long its lease is taken; null: nobody, as far as is known.'),
    adminApi: z
      .object({ statementMs: count, readMs: count, poolSize: count, openReads: z.boolean() })
      .describe('Settings of this process, without secrets.'),
    missing,
  })
  .meta({ id: 'Configuration', description: 'What is in force.' });
