import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';

import type { RawQuery } from './parameters.js';
import { QueryRefusal } from './problems.js';

/**
 * Reads the query string of a request's target as HTML forms write it (`+` is a space).
 *
 * Fastify's own parser takes what is not validly percent-encoded as it is, so that `%ff` would ask for a text that nobody
 * meant. Throws QueryRefusal `malformed_url`.
 */
export function queryOf(target: string): RawQuery {
  const mark = target.indexOf('?');
  const values = new Map<string, string | readonly string[]>();
  for (const pair of mark < 0 ? [] : target.slice(mark + 1).split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decoded(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? '' : decoded(pair.slice(equals + 1));
    const before = values.get(name);
    values.set(name, before === undefined ? value : [before, value].flat());
  }
  return Object.fromEntries(values); // defines own properties, whatever their names
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new QueryRefusal('malformed_url');
  }
}

/** The request's query string, as a controller's parameter. */
export const QueryString = createParamDecorator((_data: unknown, context: ExecutionContext): RawQuery => {
  return queryOf(context.switchToHttp().getRequest<FastifyRequest>().url);
});
