import { z } from 'zod';

type JsonSchema = Record<string, unknown>;

/**
 * A zod schema as OpenAPI 3.1 wants it (JSON Schema 2020-12). Schemas with an id (`.meta({ id })`) become components of
 * that name, also at the top, so that each is described once.
 */
export function toOpenApiSchema(
  schema: unknown,
  { schemaType }: { schemaType: 'input' | 'output' },
): { schema: JsonSchema; components: Record<string, JsonSchema> } | undefined {
  if (!(schema instanceof z.ZodType)) return undefined;
  // As an item of an array even the topmost one becomes a reference.
  const json = z.toJSONSchema(z.array(schema), { target: 'draft-2020-12', io: schemaType });
  const { items, $defs = {} } = JSON.parse(JSON.stringify(json).replaceAll('"#/$defs/', '"#/components/schemas/')) as {
    items: JsonSchema;
    $defs?: Record<string, JsonSchema>;
  };
  return { schema: items, components: $defs };
}
