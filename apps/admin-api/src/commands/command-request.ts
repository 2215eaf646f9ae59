import { createHash } from 'node:crypto';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { canonicalJson, type CommandKey } from '#libs/persistence';
import { callerOf } from '../access/caller.js';
import { ProblemError } from '../http/problem.js';

/** Who asks for a command, and by which key it is told from others. */
export interface CommandRequest {
  key: CommandKey;
  /** SHA-256 of method, path and body. */
  hash: Uint8Array;
  /** For the audit log: JSON with the API key's id and name and the idempotency key. */
  requestedBy: string;
}

const KEY = /^[\x21-\x7e]{1,100}$/;

/** @throws ProblemError 400 without an `Idempotency-Key` */
export function readCommandRequest(request: FastifyRequest): CommandRequest {
  const idempotencyKey = request.headers['idempotency-key'];
  if (typeof idempotencyKey !== 'string' || !KEY.test(idempotencyKey)) {
    throw new ProblemError(
      { code: 'IDEMPOTENCY_KEY_MISSING', status: 400 },
      'A command needs a header Idempotency-Key of 1 to 100 printable ASCII characters without spaces.',
      'Send a new UUID for each command, and the same one when you send that command again.',
    );
  }
  const caller = callerOf(request);
  if (!caller) throw new Error('a command came without a key: its route must not be open');
  const path = request.url.split('?', 1)[0];
  const text = `${request.method} ${path}\n${canonicalJson(request.body ?? null)}`;
  return {
    key: { apiKey: caller.id, idempotencyKey },
    hash: createHash('sha256').update(text).digest(),
    requestedBy: JSON.stringify({ apiKey: caller.id, name: caller.name, request: idempotencyKey }),
  };
}

/** The request's {@link CommandRequest}. */
export const AsCommand = createParamDecorator((_: unknown, context: ExecutionContext) =>
  readCommandRequest(context.switchToHttp().getRequest<FastifyRequest>()),
);
