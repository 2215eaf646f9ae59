import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { ACCESS_EXTENSION } from '../access/access.decorator.js';
import { Event, StreamClosed, StreamOverflow } from '../events/event.schema.js';
import { Problem } from '../http/problem.js';
import { TAGS } from './tags.js';
import { toOpenApiSchema } from './to-open-api-schema.js';

const DESCRIPTION = `State and history of a Lockstep network. Integers that can exceed 2^53 are decimal strings, bytes 0x hex, log time ms.
Lists come in pages: give \`nextCursor\` back as \`cursor\`. Every answer has an ETag. Errors are problem documents (RFC 9457).
When a part of the network is away, an answer holds what is known and names what is \`missing\`.`;

interface Operation {
  [ACCESS_EXTENSION]?: string;
  security?: unknown[];
  responses: Record<string, unknown>;
}

/** The OpenAPI document of all routes, from the schemas that validate them. */
export function createOpenApiDocument(app: NestFastifyApplication): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Lockstep admin API')
    .setVersion('1')
    .setDescription(DESCRIPTION)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('/', 'this process')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'An API key.' }, 'bearer')
    .addSecurityRequirements('bearer');
  for (const [name, description] of Object.entries(TAGS)) builder.addTag(name, description);
  const document = SwaggerModule.createDocument(app, builder.build(), {
    operationIdFactory: (_controller, method) => method,
    standardSchemaConverter: toOpenApiSchema,
  });
  for (const schema of [Problem, Event, StreamOverflow, StreamClosed]) addSchema(document, schema);
  delete document.info.contact; // Empty, where none is given.
  for (const operation of Object.values(document.paths).flatMap((path) => Object.values(path) as Operation[])) {
    const access = operation[ACCESS_EXTENSION];
    if (access === 'open') operation.security = [];
    for (const status of NEVER[access ?? ''] ?? []) delete operation.responses[status];
  }
  return document;
}

/** Of what is documented for all routes, what cannot come: by who may call them. Any key may do what a viewer may. */
const NEVER: Record<string, readonly string[]> = { open: ['401', '403', '500'], viewer: ['403'] };

/** `/openapi.json` and Swagger UI at `/docs`; both are open to all. */
export function serveOpenApi(app: NestFastifyApplication): void {
  let document: OpenAPIObject | undefined;
  SwaggerModule.setup('docs', app, () => (document ??= createOpenApiDocument(app)), {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: 'Lockstep admin API',
  });
}

function addSchema(document: OpenAPIObject, schema: unknown): void {
  const { components } = toOpenApiSchema(schema, { schemaType: 'output' })!;
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, ...(components as Record<string, object>) },
  };
}
