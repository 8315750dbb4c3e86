import { timestamp } from '../write/binary.js';
import { type QueryBudget, spend } from './budget.js';
import { cursorRefused, decodeCursor, encodeCursor, questionOf } from './cursor.js';
import type { Statement } from './flight.js';
import type { Point, PointsPage, PointsQuery } from './query.js';
import { matching, type MatchedSeries } from './series.js';
import type { TenantSession } from './tenant-session.js';

const TIME = /^-?(?:Infinity|\d[\d.e+-]*)$/;
const CURSOR = [TIME, TIME, TIME, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/];
const LAST_UUID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** One for each series that has a point on the page; the first has `matched` in any case. */
interface PageRow extends MatchedSeries {
  /** How many series the filter matched. */
  readonly matched: number;
  /** Of each point, as text of PostgreSQL's arrays; null where there is none. */
  readonly times: string | null;
  readonly points: string;
}

interface PlacedPoint {
  readonly seriesId: string;
  readonly point: Point;
}

/** Raw points, newest first; at the same time, in descending order of series id. */
export async function readPoints(session: TenantSession, query: PointsQuery, budget: QueryBudget): Promise<PointsPage> {
  const question = questionOf('points', query);
  const position = positionOf(query, question);
  const rows = await session.last<PageRow>(statementOf(query, position, budget));
  spend(budget, 'maxSeries', rows[0]?.matched ?? 0);
  const points = rows.flatMap(pointsOf).toSorted(newestFirst);
  const page = points.slice(0, query.limit);
  const last = page.at(-1);
  return {
    points: page.map(({ point }) => point),
    nextCursor:
      last !== undefined && points.length > query.limit
        ? encodeCursor(question, [...[position.fromMs, position.toMs, last.point.timestamp].map(String), last.seriesId])
        : null,
  };
}

/**
 * Series and points in one statement, so that there is one turn to the database. Where more series match than the budget
 * allows no point is looked for. Points come as two arrays for each series: a row for each of them costs more than the rest.
 */
function statementOf(query: PointsQuery, position: Position, { maxSeries }: QueryBudget): Statement {
  const series = matching(query, maxSeries + 1);
  const values = [...series.values];
  const limit = values.length;
  const parameter = (value: (typeof values)[number]): string => `$${values.push(value)}`;
  return {
    text: `WITH matched AS MATERIALIZED (${series.text})
      SELECT total.matched, found.* FROM (SELECT count(*)::int AS matched FROM matched) total
      LEFT JOIN (
        SELECT page.times, page.points, matched.* FROM (
          SELECT series_id, array_agg((extract(epoch FROM ts) * 1000)::float8)::text AS times, array_agg(value)::text AS points
          FROM metrics.latest_points(
            CASE WHEN (SELECT count(*) FROM matched) < $${limit} THEN ARRAY(SELECT id FROM matched) END,
            ${parameter(timestamp(position.fromMs))}::timestamptz, ${parameter(timestamp(position.toMs))}::timestamptz,
            ${parameter(timestamp(position.afterMs))}::timestamptz, ${parameter(position.afterSeries)}::uuid,
            ${parameter(query.limit + 1)}::int
          ) GROUP BY series_id
        ) page JOIN matched ON matched.id = page.series_id
      ) found ON true`,
    values,
    prepared: true,
  };
}

function pointsOf({ id, name, environment, labels, times, points }: PageRow): PlacedPoint[] {
  if (times === null) return [];
  const values = numbersIn(points);
  return numbersIn(times).map((time, i) => ({
    seriesId: id,
    point: { timestamp: time, name, value: values[i] ?? NaN, labels, environment },
  }));
}

/** `{1,2.5}` */
function numbersIn(array: string): number[] {
  return array.slice(1, -1).split(',').map(Number);
}

function newestFirst(a: PlacedPoint, b: PlacedPoint): number {
  if (a.point.timestamp !== b.point.timestamp) return b.point.timestamp - a.point.timestamp;
  return a.seriesId < b.seriesId ? 1 : -1;
}

interface Position {
  readonly fromMs: number;
  readonly toMs: number;
  readonly afterMs: number;
  readonly afterSeries: string;
}

/** Later pages keep the first one's range: a "now" that moved between them would cut off the old end before it was read. */
function positionOf({ fromMs, toMs, cursor }: PointsQuery, question: string): Position {
  if (cursor === undefined)
    return { fromMs: fromMs ?? -Infinity, toMs: toMs ?? Infinity, afterMs: Infinity, afterSeries: LAST_UUID };
  const [from, to, after, afterSeries = LAST_UUID] = decodeCursor(question, cursor, CURSOR);
  const first = { fromMs: Number(from), toMs: Number(to) };
  if ((fromMs ?? first.fromMs) !== first.fromMs || (toMs ?? first.toMs) !== first.toMs) throw cursorRefused();
  return { ...first, afterMs: Number(after), afterSeries };
}
