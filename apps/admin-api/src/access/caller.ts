import type { FastifyRequest } from 'fastify';
import type { ApiKey } from '#libs/persistence';

const CALLER = Symbol('caller');

/** The key with which a request came; null where none was needed and none was given. */
export const callerOf = (request: FastifyRequest): ApiKey | null =>
  (request as FastifyRequest & { [CALLER]?: ApiKey })[CALLER] ?? null;

export const setCaller = (request: FastifyRequest, key: ApiKey): void => {
  (request as FastifyRequest & { [CALLER]?: ApiKey })[CALLER] = key;
};
