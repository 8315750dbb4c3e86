import { Injectable } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';

import type { Problem } from '../problems/problem.js';

interface Route {
  readonly pattern: RegExp;
  readonly methods: readonly string[];
}

/** Knows every route that was registered, to tell a path that does not exist (404) from a method that it has not (405). */
@Injectable()
export class RouteTable {
  private readonly routes: Route[] = [];

  /** Must be called before the first route is registered. */
  watch(fastify: FastifyInstance): void {
    fastify.addHook('onRoute', ({ url, method }) => {
      this.routes.push({ pattern: patternOf(url), methods: [method].flat() });
    });
  }

  /** The answer for a request that no route took. */
  problemFor(method: string, url: string): Problem {
    const path = url.split('?', 1)[0] ?? url;
    const allowed = this.routes.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods);
    if (allowed.length === 0) return { status: 404, code: 'not_found', detail: 'There is nothing at this path.' };
    const allow = [...new Set(allowed)].toSorted().join(', ');
    return { status: 405, code: 'method_not_allowed', detail: `${method} is not one of: ${allow}.`, allow };
  }
}

/** `/a/:id/*` as a regular expression. */
function patternOf(url: string): RegExp {
  const source = url
    .split('/')
    .map((part) => {
      if (part.startsWith(':')) return '[^/]+';
      return part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('*', '.*');
    })
    .join('/');
  return new RegExp(`^${source}$`);
}
