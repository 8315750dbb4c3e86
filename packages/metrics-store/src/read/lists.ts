import { decodeCursor, encodeCursor, questionOf } from './cursor.js';
import type { ListPage, ListQuery, SeriesDescription, SeriesFilter } from './query.js';
import { conditionsOf } from './series.js';
import type { TenantSession } from './tenant-session.js';

const ANY_TEXT = [/^[^]*$/];
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Names of metrics, sorted by bytes. */
export async function readNames(session: TenantSession, query: SeriesFilter & ListQuery): Promise<ListPage<string>> {
  return readDistinct(session, query, 'names', 'metrics.tenant_series', 'name');
}

/** Names of labels, sorted by bytes. */
export async function readLabelNames(
  session: TenantSession,
  query: SeriesFilter & ListQuery,
): Promise<ListPage<string>> {
  return readDistinct(session, query, 'labels', 'metrics.tenant_series, jsonb_object_keys(labels) AS label', 'label');
}

/** Values of one label, sorted by bytes. */
export async function readLabelValues(
  session: TenantSession,
  query: SeriesFilter & ListQuery & { readonly label: string },
): Promise<ListPage<string>> {
  return readDistinct(session, query, 'values', 'metrics.tenant_series', 'labels ->> $label', query.label);
}

async function readDistinct(
  session: TenantSession,
  query: SeriesFilter & ListQuery,
  kind: 'names' | 'labels' | 'values',
  source: string,
  expression: string,
  label?: string,
): Promise<ListPage<string>> {
  const question = questionOf(kind, query, label);
  const conditions = conditionsOf(query);
  const parameters: (string | number)[] = [...conditions.parameters];
  const item =
    label === undefined ? expression : `(${expression.replace('$label', `$${parameters.push(label)}::text`)})`;
  const clauses = [conditions.sql, `${item} IS NOT NULL`];
  if (query.cursor !== undefined)
    clauses.push(`${item} COLLATE "C" > $${parameters.push(decodeCursor(question, query.cursor, ANY_TEXT)[0] ?? '')}`);
  const rows = await session.last<{ item: string }>({
    text: `SELECT DISTINCT ${item} COLLATE "C" AS item FROM ${source}
     WHERE ${clauses.join(' AND ')} ORDER BY item LIMIT $${parameters.push(query.limit + 1)}`,
    values: parameters,
  });
  return pageOf(
    rows.map(({ item: text }) => text),
    query.limit,
    (text) => encodeCursor(question, [text]),
  );
}

interface SeriesRow {
  readonly id: string;
  readonly name: string;
  readonly environment: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly first_seen: number;
}

/** Series that match, sorted by name and then by id. */
export async function readSeries(
  session: TenantSession,
  query: SeriesFilter & ListQuery,
): Promise<ListPage<SeriesDescription>> {
  const question = questionOf('series', query);
  const conditions = conditionsOf(query);
  const parameters: (string | number)[] = [...conditions.parameters];
  let after = '';
  if (query.cursor !== undefined) {
    const [name = '', id = ''] = decodeCursor(question, query.cursor, [/^[^]*$/, UUID]);
    after = `AND (name, id) > ($${parameters.push(name)}, $${parameters.push(id)}::uuid)`;
  }
  const rows = await session.last<SeriesRow>({
    text: `SELECT id, name, environment, labels, (extract(epoch FROM first_seen) * 1000)::float8 AS first_seen
     FROM metrics.tenant_series WHERE ${conditions.sql} ${after}
     ORDER BY name, id LIMIT $${parameters.push(query.limit + 1)}`,
    values: parameters,
  });
  const page = pageOf(rows, query.limit, ({ name, id }) => encodeCursor(question, [name, id]));
  return {
    ...page,
    items: page.items.map(({ name, environment, labels, first_seen }) => ({
      name,
      environment,
      labels,
      firstSeen: Math.floor(first_seen),
    })),
  };
}

/** One row more than asked for tells that there is a next page. */
function pageOf<T>(rows: readonly T[], limit: number, cursorOf: (row: T) => string): ListPage<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: last !== undefined && rows.length > limit ? cursorOf(last) : null };
}
