import { z } from 'zod';
import { pageOf, pageQuery } from '../schema/page.js';
import { address, blockNumber, chainId, count, decimal, hash, logTime } from '../schema/scalars.js';

const place = z.object({ block: blockNumber, sequence: decimal, timestampMs: logTime });

export const seriesStatus = z
  .enum(['open', 'window', 'expired'])
  .describe('`open`: before expiry. `window`: European, to be exercised now. `expired`: over. By log time.');

/** What kind of option it is, and the rollup of each role. */
export const seriesForm = {
  isPut: z.boolean(),
  isEuropean: z.boolean(),
  isPhysical: z.boolean(),
  positionChainId: chainId,
  exposureChainId: chainId,
  collateralChainId: chainId,
  settlementChainId: chainId,
};

export const Series = z
  .object({
    id: hash.describe('What intents name the series by.'),
    status: seriesStatus,
    delisted: z.boolean().describe('No new options are written; what is there can be exercised and closed.'),
    underlying: address,
    quote: address,
    strike: decimal.describe('Base units of `quote` for one whole unit of `underlying`.'),
    expiryMs: logTime,
    exerciseWindowMs: count.describe('After expiry, of European series; else 0.'),
    clearsAfterMs: logTime.describe('The first block after it clears positions and releases collateral.'),
    ...seriesForm,
    listedAt: place.nullable().describe('Null: the log began with it.'),
    delistedAt: place.nullable(),
  })
  .meta({ id: 'Series', description: 'The terms of an option, for ever, and where it stands.' });
export const SeriesPage = pageOf(Series, 'SeriesPage');

export const SeriesQuery = z.strictObject({
  ...pageQuery,
  status: seriesStatus.optional(),
  underlying: address.optional(),
  delisted: z.enum(['true', 'false']).optional(),
});
