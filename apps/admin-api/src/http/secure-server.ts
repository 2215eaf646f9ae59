import helmet from '@fastify/helmet';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

const NOTHING_FOREIGN = {
  defaultSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
  objectSrc: ["'none'"],
};
/** Swagger UI writes styles and pictures into its page; scripts come from files there as well. */
const DOCS = { ...NOTHING_FOREIGN, styleSrc: ["'self'", "'unsafe-inline'"], imgSrc: ["'self'", 'data:'] };

/**
 * Security headers on every answer, and CORS for the origins that are listed, for nobody else.
 * @param origins such as `https://desk.example.org`
 */
export async function secureServer(app: NestFastifyApplication, origins: readonly string[]): Promise<void> {
  await app.register(helmet, { contentSecurityPolicy: false, referrerPolicy: { policy: 'no-referrer' } });
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRequest', async (request, reply) => {
      const isDocs = /^\/docs(\/|\?|$)/.test(request.url);
      void reply.header('content-security-policy', toPolicy(isDocs ? DOCS : NOTHING_FOREIGN));
    });
  if (origins.length === 0) return;
  app.enableCors({
    origin: [...origins],
    methods: ['GET', 'POST'],
    allowedHeaders: ['authorization', 'content-type', 'idempotency-key', 'if-none-match', 'last-event-id'],
    exposedHeaders: ['etag', 'retry-after', 'idempotency-replayed'],
    maxAge: 600,
  });
}

/** `{defaultSrc: ["'self'"]}` → `default-src 'self'` */
const toPolicy = (directives: Record<string, string[]>): string =>
  Object.entries(directives)
    .map(([name, sources]) => `${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} ${sources.join(' ')}`)
    .join('; ');
