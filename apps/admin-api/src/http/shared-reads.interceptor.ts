import { type CallHandler, type ExecutionContext, Inject, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { map, type Observable, shareReplay, tap } from 'rxjs';
import { etagOf } from './etag.js';

/** Routes with this metadata share their answers: see {@link SharedReadsInterceptor}. */
export const SHARED_READ_KEY = 'lockstep:shared-read';

/** How old a shared answer may be: what lists show is almost as old anyway, by the pace of the projections. */
const FRESH_MS = 400;
const ANSWERS_MAX = 256;

interface SharedAnswer {
  /** JSON. */
  text: string;
  etag: string;
}

/**
 * Answers equal requests of one moment once: however many dashboards poll a list, Postgres is asked, the answer checked,
 * written as JSON and hashed for its ETag a few times a second. Guards stand before it, so whoever may not read gets
 * nothing of it.
 */
@Injectable()
export class SharedReadsInterceptor implements NestInterceptor {
  private readonly answers = new Map<string, { untilMs: number; answer: Observable<SharedAnswer> }>();

  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (!this.reflector.get<boolean | undefined>(SHARED_READ_KEY, context.getHandler())) return next.handle();
    const http = context.switchToHttp();
    const reply = http.getResponse<FastifyReply>();
    return this.answer(http.getRequest<FastifyRequest>().url, next).pipe(
      tap(({ etag }) => void reply.header('content-type', 'application/json; charset=utf-8').header('etag', etag)),
      map(({ text }) => text),
    );
  }

  private answer(url: string, next: CallHandler): Observable<SharedAnswer> {
    const now = this.nowMs();
    const known = this.answers.get(url);
    if (known && now < known.untilMs) return known.answer;
    const answer = next.handle().pipe(
      map((body: unknown) => JSON.stringify(body)),
      map((text) => ({ text, etag: etagOf(text) })),
      shareReplay(1), // without reference counting: who goes away first does not end it for the others
    );
    this.forgetOld(now);
    if (this.answers.size < ANSWERS_MAX) this.answers.set(url, { untilMs: now + FRESH_MS, answer });
    return answer;
  }

  private forgetOld(now: number): void {
    for (const [url, { untilMs }] of this.answers) if (untilMs <= now) this.answers.delete(url);
  }
}
