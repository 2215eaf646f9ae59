import { type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ThrottlerGuard, type ThrottlerLimitDetail, ThrottlerStorageService } from '@nestjs/throttler';
import type { FastifyRequest } from 'fastify';
import type { AdminApiSettings } from '../config.js';
import { SETTINGS } from '../core/tokens.js';
import { ProblemError } from '../http/problem.js';
import { callerOf } from './caller.js';

/** Requests are counted over so many ms. */
const WINDOW_MS = 10_000;

/** Bounds the requests of a window over all routes together; beyond, a 429 says when to go on. */
abstract class RateLimitGuard extends ThrottlerGuard {
  protected abstract readonly what: string;

  protected override generateKey(_context: ExecutionContext, tracker: string, name: string): string {
    return `${name}:${tracker}`;
  }

  protected override throwThrottlingException(_: ExecutionContext, detail: ThrottlerLimitDetail): Promise<void> {
    const retryAfterS = Math.max(1, detail.timeToBlockExpire);
    throw new ProblemError(
      { code: 'RATE_LIMITED', status: 429, retryAfterS },
      `${this.what} may send ${detail.limit} requests in ${detail.ttl / 1_000} s.`,
      `Go on after ${retryAfterS} s.`,
    );
  }
}

const throttlers = (name: string, limit: number) => ({
  throttlers: [{ name, limit, ttl: WINDOW_MS, blockDuration: 1_000 }],
  setHeaders: false,
});

/** Before keys are looked at, so that nobody can make us look at them without end. */
@Injectable()
export class AddressRateLimitGuard extends RateLimitGuard {
  protected readonly what = 'An address';

  constructor(
    @Inject(SETTINGS) { ADMIN_RATE_ADDRESS_MAX }: AdminApiSettings,
    @Inject(ThrottlerStorageService) storage: ThrottlerStorageService,
    @Inject(Reflector) reflector: Reflector,
  ) {
    super(throttlers('address', ADMIN_RATE_ADDRESS_MAX), storage, reflector);
  }

  protected override getTracker(request: FastifyRequest): Promise<string> {
    return Promise.resolve(request.ip);
  }
}

/** Once a key is known to be valid: nobody else can spend what it may send. */
@Injectable()
export class KeyRateLimitGuard extends RateLimitGuard {
  protected readonly what = 'A key';

  constructor(
    @Inject(SETTINGS) { ADMIN_RATE_KEY_MAX }: AdminApiSettings,
    @Inject(ThrottlerStorageService) storage: ThrottlerStorageService,
    @Inject(Reflector) reflector: Reflector,
  ) {
    super(throttlers('key', ADMIN_RATE_KEY_MAX), storage, reflector);
  }

  protected override shouldSkip(context: ExecutionContext): Promise<boolean> {
    return Promise.resolve(callerOf(context.switchToHttp().getRequest<FastifyRequest>()) === null);
  }

  protected override getTracker(request: FastifyRequest): Promise<string> {
    return Promise.resolve(callerOf(request)!.id);
  }
}
