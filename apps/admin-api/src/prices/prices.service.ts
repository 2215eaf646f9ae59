import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { bytesToHex, findMarket } from '#libs/protocol';
import { Database } from '../core/database.js';
import { Parts } from '../core/parts.js';
import { ProblemError } from '../http/problem.js';
import { LogView } from '../network/log-view.js';
import { decodeCursor, encodeCursor, toPage } from '../schema/page.js';
import { toBuffer } from '../schema/to-json.js';
import type { LatestPrices, Price, PricePage, PricesQuery } from './prices.schema.js';

interface PriceRow {
  underlying: Buffer;
  quote: Buffer;
  sequence: string;
  round: string;
  price: string;
  observed_at_ms: string;
  block_number: string;
  timestamp_ms: string;
}

const CURSOR = z.tuple([z.string().regex(/^[0-9]{1,19}$/)]);
const END = '9223372036854775807';

/** Prices of the registry's markets. */
@Injectable()
export class PricesService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(LogView) private readonly view: LogView,
    @Inject(Parts) private readonly parts: Parts,
  ) {}

  /** Of every market, in the order of the registry. */
  async latest(): Promise<z.output<typeof LatestPrices>> {
    const { markets } = this.registry();
    const rows = await this.database.query<PriceRow>(
      `SELECT p.* FROM unnest($1::bytea[], $2::bytea[]) AS m(underlying, quote)
       CROSS JOIN LATERAL (SELECT * FROM lockstep_admin.prices AS p
         WHERE p.underlying = m.underlying AND p.quote = m.quote ORDER BY p.sequence DESC LIMIT 1) AS p`,
      [markets.map(({ underlying }) => Buffer.from(underlying)), markets.map(({ quote }) => Buffer.from(quote))],
    );
    const prices = rows.map(priceOf);
    const items = markets.map((market) => {
      const [underlying, quote] = [bytesToHex(market.underlying), bytesToHex(market.quote)];
      const latest = prices.find((price) => price.underlying === underlying && price.quote === quote) ?? null;
      return { underlying, quote, priceKey: bytesToHex(market.priceKey), latest };
    });
    return { items, missing: this.parts.missing() };
  }

  /** Of one market, newest first. @throws ProblemError `NOT_FOUND` */
  async history(
    underlying: string,
    quote: string,
    { limit, cursor }: z.output<typeof PricesQuery>,
  ): Promise<z.output<typeof PricePage>> {
    const [left, right] = [toBuffer(underlying), toBuffer(quote)];
    if (!findMarket(this.registry(), left, right)) throw ProblemError.notFound('market', `${underlying}/${quote}`);
    const [before] = cursor === undefined ? [END] : decodeCursor('prices', cursor, CURSOR);
    const rows = await this.database.query<PriceRow>(
      `SELECT * FROM lockstep_admin.prices WHERE underlying = $1::bytea AND quote = $2::bytea
         AND sequence < $3::bigint ORDER BY sequence DESC LIMIT $4::integer`,
      [left, right, before, limit + 1],
    );
    const page = toPage(rows, limit, priceOf, ({ sequence }) => encodeCursor('prices', [sequence]));
    return { ...page, missing: this.parts.missing() };
  }

  private registry() {
    if (!this.view.registry) throw ProblemError.away(this.parts.missing());
    return this.view.registry;
  }
}

const priceOf = (row: PriceRow): z.output<typeof Price> => ({
  underlying: bytesToHex(row.underlying),
  quote: bytesToHex(row.quote),
  round: row.round,
  price: row.price,
  block: Number(row.block_number),
  sequence: row.sequence,
  timestampMs: Number(row.timestamp_ms),
  observedAtMs: Number(row.observed_at_ms),
});
