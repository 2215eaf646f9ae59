import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { bytesToHex, type Genesis, type Registry, type Series as RegistrySeries, seriesId } from '#libs/protocol';
import { Parts } from '../core/parts.js';
import { ProblemError } from '../http/problem.js';
import { LogView } from '../network/log-view.js';
import { decodeCursor, encodeCursor, toPage } from '../schema/page.js';
import type { Series, SeriesPage, SeriesQuery, seriesStatus } from './series.schema.js';

const CURSOR = z.tuple([z.int().min(0)]);

/** Series of the registry, which this process has in memory. */
@Injectable()
export class SeriesService {
  constructor(
    @Inject(LogView) private readonly view: LogView,
    @Inject(Parts) private readonly parts: Parts,
  ) {}

  /** Newest first. */
  list({ status, underlying, delisted, limit, cursor }: z.output<typeof SeriesQuery>): z.output<typeof SeriesPage> {
    const { registry } = this.known();
    const end = cursor === undefined ? registry.series.length : decodeCursor('series', cursor, CURSOR)[0];
    const found: { place: number; view: z.output<typeof Series> }[] = [];
    for (let place = Math.min(end, registry.series.length) - 1; place >= 0 && found.length <= limit; place--) {
      const view = this.viewOf(registry.series[place]!);
      if (status !== undefined && view.status !== status) continue;
      if (underlying !== undefined && view.underlying !== underlying.toLowerCase()) continue;
      if (delisted !== undefined && view.delisted !== (delisted === 'true')) continue;
      found.push({ place, view });
    }
    const page = toPage(
      found,
      limit,
      ({ view }) => view,
      ({ place }) => encodeCursor('series', [place]),
    );
    return { ...page, missing: this.parts.missing() };
  }

  /** @throws ProblemError `NOT_FOUND` */
  find(id: string): z.output<typeof Series> {
    const wanted = id.toLowerCase();
    const series = this.known().registry.series.find(({ terms }) => bytesToHex(seriesId(terms)) === wanted);
    if (!series) throw ProblemError.notFound('series', id);
    return this.viewOf(series);
  }

  private viewOf({ terms, delisted }: RegistrySeries): z.output<typeof Series> {
    const id = bytesToHex(seriesId(terms));
    const places = this.view.seriesPlaces.get(id);
    const { genesis } = this.known();
    const at = (place: { block: number; sequence: bigint; timestampMs: number } | null | undefined) =>
      place ? { ...place, sequence: place.sequence.toString() } : null;
    return {
      ...terms,
      id,
      status: statusAt(terms, this.view.head?.timestampMs ?? 0),
      delisted,
      underlying: bytesToHex(terms.underlying),
      quote: bytesToHex(terms.quote),
      strike: terms.strike.toString(),
      clearsAfterMs: terms.expiryMs + terms.exerciseWindowMs + genesis.prepareMsMax,
      listedAt: at(places?.listed),
      delistedAt: at(places?.delisted),
    };
  }

  private known(): { registry: Registry; genesis: Genesis } {
    const { registry, genesis } = this.view;
    if (!registry || !genesis) throw ProblemError.away(this.parts.missing());
    return { registry, genesis };
  }
}

/** Ends of windows are included (design, section 8). */
export function statusAt(
  { expiryMs, exerciseWindowMs, isEuropean }: RegistrySeries['terms'],
  timestampMs: number,
): z.output<typeof seriesStatus> {
  if (isEuropean && timestampMs >= expiryMs && timestampMs <= expiryMs + exerciseWindowMs) return 'window';
  return timestampMs <= expiryMs ? 'open' : 'expired';
}
