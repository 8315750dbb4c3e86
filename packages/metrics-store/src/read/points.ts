import { timestamp } from '../write/binary.js';
import { type QueryBudget, spend } from './budget.js';
import { cursorRefused, decodeCursor, encodeCursor, questionOf } from './cursor.js';
import type { Statement } from './flight.js';
import { type PlacedPoint, placedPoints, type SeriesRow } from './placed-points.js';
import { pointsJson } from './points-json.js';
import type { PointsPage, PointsQuery } from './query.js';
import type { TenantSession } from './tenant-session.js';

const TIME = /^-?(?:Infinity|\d[\d.e+-]*)$/;
const CURSOR = [TIME, TIME, TIME, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/];
const LAST_UUID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** A page of raw points before anybody made an answer of it. */
interface Page {
  readonly placed: readonly PlacedPoint[];
  readonly nextCursor: string | null;
}

/** Raw points, newest first; at the same time, in descending order of series id. */
export async function readPoints(session: TenantSession, query: PointsQuery, budget: QueryBudget): Promise<PointsPage> {
  const { placed, nextCursor } = await readPage(session, query, budget);
  const points = placed.map((point) => {
    const { name, labels, environment } = point.series;
    return { timestamp: point.timestamp, name, value: point.value, labels, environment };
  });
  return { points, nextCursor };
}

/** As `readPoints`, as the bytes of its JSON. */
export async function readPointsJson(session: TenantSession, query: PointsQuery, budget: QueryBudget): Promise<Buffer> {
  const { placed, nextCursor } = await readPage(session, query, budget);
  return pointsJson(placed, nextCursor);
}

async function readPage(session: TenantSession, query: PointsQuery, budget: QueryBudget): Promise<Page> {
  const question = questionOf('points', query);
  const position = positionOf(query, question);
  const rows = await session.last<SeriesRow>(statementOf(query, position, budget));
  spend(budget, 'maxSeries', rows[0]?.matched ?? 0);
  const found = placedPoints(rows);
  if (found.length <= query.limit) return { placed: found, nextCursor: null };
  const placed = found.slice(0, query.limit);
  const last = placed.at(-1);
  if (last === undefined) return { placed, nextCursor: null };
  const place = [position.fromMs, position.toMs, last.timestamp].map(String);
  return { placed, nextCursor: encodeCursor(question, [...place, last.series.id]) };
}

/** Series and points in one statement, so that there is one turn to the database. */
function statementOf(query: PointsQuery, position: Position, { maxSeries }: QueryBudget): Statement {
  const { tenantId, name = null, environment, labels = {}, limit } = query;
  return {
    text: `SELECT matched, id, name, environment, labels, times, points
      FROM metrics.points_of_series($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    values: [
      tenantId,
      name,
      String(environment === undefined),
      environment ?? null,
      JSON.stringify(labels),
      maxSeries,
      timestamp(position.fromMs),
      timestamp(position.toMs),
      timestamp(position.afterMs),
      position.afterSeries,
      limit + 1,
    ],
    prepared: true,
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
