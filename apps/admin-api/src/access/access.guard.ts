import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { type ApiKey, roleAllows } from '#libs/persistence';
import type { AdminApiSettings } from '../config.js';
import { SETTINGS } from '../core/tokens.js';
import { ProblemError } from '../http/problem.js';
import { ACCESS_KEY, type AccessLevel } from './access.decorator.js';
import { AccessService, unauthorized } from './access.service.js';
import { setCaller } from './caller.js';

/** Where a key does not belong: URLs end up in logs, histories and referrers. */
const KEY_PARAMETERS = ['key', 'api_key', 'apikey', 'token', 'access_token', 'authorization'];

/**
 * Stands before every route. A route that does not say who may call it is refused to all.
 *
 * ```
 *  no level ──► 403        open ──► go                    viewer, open reads, no key ──► go
 *  any other: no key ──► 401    not valid ──► 401    role too low ──► 403    else ──► go
 * ```
 */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(AccessService) private readonly access: AccessService,
    @Inject(SETTINGS) private readonly settings: AdminApiSettings,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    const level = this.reflector.getAllAndOverride<AccessLevel | undefined>(ACCESS_KEY, targets);
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    refuseKeyInUrl(request);
    if (level === undefined) throw forbidden('Nobody may call this route.');
    if (level === 'open') return true;
    const { authorization } = request.headers;
    if (authorization === undefined) {
      if (level === 'viewer' && this.settings.LOCKSTEP_ADMIN_OPEN_READS) return true;
      throw unauthorized('KEY_MISSING', 'This needs an API key.');
    }
    const [, text] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
    if (text === undefined) throw unauthorized('KEY_INVALID', 'The Authorization header is no bearer token.');
    const key: ApiKey = await this.access.authenticate(text, level);
    if (!roleAllows(key.role, level)) {
      throw forbidden(`This needs the role ${level}; the key ${key.id} (${key.name}) has the role ${key.role}.`);
    }
    setCaller(request, key);
    return true;
  }
}

function refuseKeyInUrl(request: FastifyRequest): void {
  const names = Object.keys(request.query ?? {});
  const found = names.find((name) => KEY_PARAMETERS.includes(name.toLowerCase()));
  if (found === undefined) return;
  throw new ProblemError(
    { code: 'KEY_IN_URL', status: 400 },
    `The URL has a parameter ${found}; keys are not taken from URLs.`,
    'Send the key as `Authorization: Bearer`, and revoke it if it was a real one: URLs are written to logs.',
  );
}

const forbidden = (detail: string): ProblemError => new ProblemError({ code: 'FORBIDDEN', status: 403 }, detail);
