import { z } from 'zod';
import { missing } from '../schema/missing.js';
import { pageOf, pageQuery } from '../schema/page.js';
import { address, blockNumber, decimal, logTime } from '../schema/scalars.js';

export const Price = z
  .object({
    underlying: address,
    quote: address,
    round: decimal,
    price: decimal.describe('Base units of `quote` for one whole unit of `underlying`.'),
    block: blockNumber,
    sequence: decimal,
    timestampMs: logTime.describe("Log time of its block: what counts for the price's age."),
    observedAtMs: z.int().min(0).describe("The publisher's clock, in ms; information only."),
  })
  .meta({ id: 'Price', description: 'A round of a market.' });

export const LatestPrices = z
  .object({
    items: z.array(
      z
        .object({ underlying: address, quote: address, priceKey: address, latest: Price.nullable() })
        .meta({ id: 'Market', description: 'A market of the registry with its newest round.' }),
    ),
    missing,
  })
  .meta({ id: 'LatestPrices' });
export const PricePage = pageOf(Price, 'PricePage');

export const PricesQuery = z.strictObject(pageQuery);
