import { type QueryBudget, spend } from './budget.js';
import { cursorRefused, decodeCursor, encodeCursor, questionOf } from './cursor.js';
import type { PointsPage, PointsQuery } from './query.js';
import { matchSeries } from './series.js';
import type { TenantSession } from './tenant-session.js';
import { timestamp } from '../write/binary.js';

const TIME = /^-?(?:Infinity|\d[\d.e+-]*)$/;
const CURSOR = [TIME, TIME, TIME, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/];
const LAST_UUID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** Raw points, newest first; at the same time, in descending order of series id. */
export async function readPoints(session: TenantSession, query: PointsQuery, budget: QueryBudget): Promise<PointsPage> {
  const question = questionOf('points', query);
  const { fromMs, toMs, afterMs, afterSeries } = positionOf(query, question);
  const matched = await matchSeries(session, query, budget.maxSeries + 1);
  spend(budget, 'maxSeries', matched.length);
  if (matched.length === 0) return { points: [], nextCursor: null };

  const rows = await session.query<{ series_id: string; ms: number; value: number }>(
    `SELECT series_id, (extract(epoch FROM ts) * 1000)::float8 AS ms, value
     FROM metrics.latest_points($1::uuid[], $2::timestamptz, $3::timestamptz, $4::timestamptz, $5::uuid, $6)`,
    [matched.map(({ id }) => id), timestamp(fromMs), timestamp(toMs), timestamp(afterMs), afterSeries, query.limit + 1],
  );
  const byId = new Map(matched.map((series) => [series.id, series]));
  const page = rows.slice(0, query.limit);
  const last = page.at(-1);
  return {
    points: page.flatMap(({ series_id, ms, value }) => {
      const series = byId.get(series_id);
      if (series === undefined) return [];
      return [{ timestamp: ms, name: series.name, value, labels: series.labels, environment: series.environment }];
    }),
    nextCursor:
      last !== undefined && rows.length > query.limit
        ? encodeCursor(question, [...[fromMs, toMs, last.ms].map(String), last.series_id])
        : null,
  };
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
