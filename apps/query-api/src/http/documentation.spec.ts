import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';
import { aggregations } from '@weir/metrics-store';
import { documentedTable } from '@weir/testing';

import { CatalogController } from '../queries/catalog.controller.js';
import { MetricsController } from '../queries/metrics.controller.js';
import { PROBLEMS } from './problems.js';

const textOf = (path: string): string => readFileSync(new URL(`../../../../${path}`, import.meta.url), 'utf8');
const guide = textOf('docs/guides/querying.md');
const nestPath = (target: object): string => String(Reflect.getMetadata('path', target));

/** Every address that the controllers serve. */
function routes(): string[] {
  return [MetricsController, CatalogController].flatMap(({ prototype }) =>
    Object.getOwnPropertyNames(prototype)
      .filter((name) => name !== 'constructor')
      .map((name) => (prototype as unknown as Record<string, object>)[name])
      .filter((handler) => handler !== undefined && Reflect.hasMetadata('path', handler))
      .map((handler) => `/api/v1/metrics/${nestPath(handler ?? {})}`.replace(/\/+$/, '')),
  );
}

describe('docs/reference/errors.md', () => {
  it('names every refusal of a query, with its status and meaning, and no other', () => {
    expect(documentedTable('docs/reference/errors.md', 'query-api')).toEqual(
      Object.entries(PROBLEMS).map(([code, { status, meaning }]) => [`\`${code}\``, String(status), meaning]),
    );
  });

  it('may say that every 503 and 429 has a Retry-After', () => {
    const without = Object.values(PROBLEMS).filter(
      (problem) => (problem.status === 503 || problem.status === 429) && !('retryAfterSeconds' in problem),
    );
    expect(without).toEqual([]);
  });
});

describe('docs/guides/querying.md', () => {
  it('has a heading for every address, and for none that is not there', () => {
    const headings = [...guide.matchAll(/^## .*`GET (\/api[^`]*)`$/gm)].map(([, path]) => path);
    expect(new Set(headings)).toEqual(new Set(routes()));
  });

  it('names no code and no aggregation that the API does not have, and every aggregation that it has', () => {
    const shown = [...guide.matchAll(/"code": ?"(\w+)"/g)].map(([, code]) => code);
    const told = [...guide.matchAll(/\b[45]\d\d `(\w+)`/g)].map(([, code]) => code);
    expect(shown.length).toBeGreaterThan(0);
    expect([...shown, ...told].filter((code) => !Object.hasOwn(PROBLEMS, code ?? ''))).toEqual([]);
    for (const agg of aggregations) expect(guide).toContain(`\`${agg}\``);
  });
});
