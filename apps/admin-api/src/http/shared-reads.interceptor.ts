import { type CallHandler, type ExecutionContext, Inject, Injectable, type NestInterceptor } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { type Observable, shareReplay } from 'rxjs';

/** Routes with this metadata share their answers: see {@link SharedReadsInterceptor}. */
export const SHARED_READ_KEY = 'lockstep:shared-read';

/** How old a shared answer may be: what lists show is about as old anyway, by the pace of the projections. */
const FRESH_MS = 200;
const ANSWERS_MAX = 256;

/**
 * Answers equal requests of one moment once: however many dashboards poll a list, Postgres is asked five times a second.
 * Guards stand before it, so whoever may not read gets nothing of it.
 */
@Injectable()
export class SharedReadsInterceptor implements NestInterceptor {
  private readonly answers = new Map<string, { untilMs: number; answer: Observable<unknown> }>();

  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (!this.reflector.get<boolean | undefined>(SHARED_READ_KEY, context.getHandler())) return next.handle();
    const { url } = context.switchToHttp().getRequest<FastifyRequest>();
    const now = this.nowMs();
    const known = this.answers.get(url);
    if (known && now < known.untilMs) return known.answer;
    // Without reference counting: who goes away first does not end it for the others.
    const answer = next.handle().pipe(shareReplay(1));
    this.forgetOld(now);
    if (this.answers.size < ANSWERS_MAX) this.answers.set(url, { untilMs: now + FRESH_MS, answer });
    return answer;
  }

  private forgetOld(now: number): void {
    for (const [url, { untilMs }] of this.answers) if (untilMs <= now) this.answers.delete(url);
  }
}
