import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';

const TAG_BYTES = 16;

/**
 * Gives each successful answer to a GET an ETag of its bytes, and answers 304 without a body when the caller has them
 * already (RFC 9110, section 8.8.3 and 13.1.2). Streams pass as they are.
 */
export function addEtags(fastify: FastifyInstance): void {
  fastify.addHook('onSend', (request, reply, payload, done) => {
    const isText = typeof payload === 'string' || Buffer.isBuffer(payload);
    if (request.method !== 'GET' || reply.statusCode !== 200 || !isText) return done(null, payload);
    const known = reply.getHeader('etag');
    const tag = typeof known === 'string' ? known : etagOf(payload);
    void reply.header('etag', tag);
    if (!reply.hasHeader('cache-control')) void reply.header('cache-control', 'no-cache');
    if (!matches(request.headers['if-none-match'], tag)) return done(null, payload);
    void reply.code(304).removeHeader('content-length').removeHeader('content-type');
    done(null, null);
  });
}

/** The ETag of an answer's bytes. */
export const etagOf = (payload: string | Buffer): string =>
  `"${createHash('sha256').update(payload).digest().subarray(0, TAG_BYTES).toString('base64url')}"`;

/** Whether a list of tags, weak or strong, names this one. */
export function matches(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  return header
    .split(',')
    .map((part) => part.trim().replace(/^W\//, ''))
    .some((part) => part === '*' || part === tag);
}
