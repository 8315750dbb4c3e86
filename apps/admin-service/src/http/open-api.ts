import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiQuery } from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';

/** `limit` and `cursor` of a list. */
export const ApiPageOf = (): MethodDecorator =>
  applyDecorators(
    ApiQuery({ name: 'limit', required: false, schema: { type: 'integer', minimum: 1, maximum: 500, default: 100 } }),
    ApiQuery({ name: 'cursor', required: false, type: 'string', description: '`nextCursor` of the page before.' }),
  );

/** Filters by text; all may be left out. */
export const ApiTextParameters = (...names: readonly string[]): MethodDecorator =>
  applyDecorators(...names.map((name) => ApiQuery({ name, required: false, type: 'string' })));

/** A JSON body with these members, by their JSON schema. */
export const ApiMembers = (
  properties: Readonly<Record<string, object>>,
  required: readonly string[] = [],
): MethodDecorator =>
  ApiBody({
    required: required.length > 0,
    schema: { type: 'object', additionalProperties: false, required: [...required], properties: { ...properties } },
  });

/** The version that is meant. */
export const ApiIfMatch = (required: boolean): MethodDecorator =>
  ApiHeader({ name: 'If-Match', required, description: 'The `ETag` that was read, or `*`.' });

/** How callers authenticate. */
export function withOperatorKey(document: OpenAPIObject): OpenAPIObject {
  const scheme = { type: 'apiKey', in: 'header', name: 'X-Operator-Key' } as const;
  return {
    ...document,
    components: { ...document.components, securitySchemes: { 'operator-key': scheme } },
  };
}
