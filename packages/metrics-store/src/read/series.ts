import type { Statement } from './flight.js';
import type { SeriesFilter } from './query.js';

/** A series that a query matched. */
export interface MatchedSeries {
  readonly id: string;
  readonly name: string;
  readonly environment: string | null;
  readonly labels: Readonly<Record<string, string>>;
}

/** A WHERE clause and its parameters. Names and values are parameters, whatever characters they have. */
export interface Conditions {
  readonly sql: string;
  readonly parameters: readonly string[];
}

/** The first wall between tenants: every question names its tenant, though the view knows it too. */
export function conditionsOf(filter: SeriesFilter): Conditions {
  const parameters: string[] = [filter.tenantId];
  const clauses = ['tenant_id = $1'];
  if (filter.name !== undefined) clauses.push(`name = $${parameters.push(filter.name)}`);
  if (filter.environment === null) clauses.push('environment IS NULL');
  else if (filter.environment !== undefined) clauses.push(`environment = $${parameters.push(filter.environment)}`);
  if (filter.labels !== undefined && Object.keys(filter.labels).length > 0)
    clauses.push(`labels @> $${parameters.push(JSON.stringify(filter.labels))}::jsonb`);
  return { sql: clauses.join(' AND '), parameters };
}

/** Series that match, at most `limit`, in no order. */
export function matching(filter: SeriesFilter, limit: number): Required<Pick<Statement, 'text' | 'values'>> {
  const { sql, parameters } = conditionsOf(filter);
  return {
    text: `SELECT id, name, environment, labels FROM metrics.tenant_series WHERE ${sql} LIMIT $${parameters.length + 1}`,
    values: [...parameters, limit],
  };
}
