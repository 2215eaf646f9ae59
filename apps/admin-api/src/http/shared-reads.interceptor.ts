import { type CallHandler, type ExecutionContext, Inject, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { finalize, map, type Observable, shareReplay, tap } from 'rxjs';
import { etagOf } from './etag.js';

/** Routes with this metadata share their answers: see {@link SharedReadsInterceptor}. */
export const SHARED_READ_KEY = 'lockstep:shared-read';

/**
 * How old a shared answer may be: so many times as long as it took to make, within bounds. So hardly a list costs more than
 * half a hundredth of a core, whoever polls it, and where the machine has enough to do already, answers are asked for less
 * often.
 */
const FRESH_PER_MS = 200;
const FRESH_MS_MIN = 200;
const FRESH_MS_MAX = 1_000;
const ANSWERS_MAX = 256;

interface SharedAnswer {
  /** JSON. */
  text: string;
  etag: string;
}

interface Shared {
  /** Infinity while it is being made. */
  untilMs: number;
  answer: Observable<SharedAnswer>;
}

/**
 * Answers equal requests of one moment once: however many dashboards poll a list, Postgres is asked, the answer checked,
 * written as JSON and hashed for its ETag a few times a second. Guards stand before it, so whoever may not read gets
 * nothing of it.
 */
@Injectable()
export class SharedReadsInterceptor implements NestInterceptor {
  private readonly answers = new Map<string, Shared>();

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
      finalize(() => (shared.untilMs = now + freshMs(this.nowMs() - now))),
      shareReplay(1), // without reference counting: who goes away first does not end it for the others
    );
    const shared: Shared = { untilMs: Infinity, answer };
    this.forgetOld(now);
    if (this.answers.size < ANSWERS_MAX) this.answers.set(url, shared);
    return answer;
  }

  private forgetOld(now: number): void {
    for (const [url, { untilMs }] of this.answers) if (untilMs <= now) this.answers.delete(url);
  }
}

const freshMs = (tookMs: number): number => Math.min(Math.max(FRESH_PER_MS * tookMs, FRESH_MS_MIN), FRESH_MS_MAX);
