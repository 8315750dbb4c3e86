import { openPool, type PoolUse, poolUse, type PostgresConnection } from '@weir/postgres';
import type { Pool } from 'pg';

import { unavailable } from './faults.js';
import { readAggregate } from './read/aggregate.js';
import { defaultBudget, type QueryBudget } from './read/budget.js';
import { readLabelNames, readLabelValues, readNames, readSeries } from './read/lists.js';
import { readPoints, readPointsJson } from './read/points.js';
import { PreparedStatements } from './read/prepared-statements.js';
import type {
  AggregateQuery,
  AggregateResult,
  ListPage,
  ListQuery,
  PointsPage,
  PointsQuery,
  SeriesDescription,
  SeriesFilter,
} from './read/query.js';
import { type Asking, type AskOptions, asTenant, type TenantSession } from './read/tenant-session.js';

/**
 * The reading side of the metrics store: the one way in which a query reaches a tenant's data.
 *
 * Every question names its tenant and is answered from that tenant's rows alone. Rejects with QueryBudgetError past a limit,
 * with ValidationError for a cursor that is none, and with StoreUnavailableError while the database is away. A question whose
 * `signal` is aborted ends in the database too, and rejects with the signal's reason.
 */
export class MetricsReader {
  private readonly pool: Pool;
  private readonly prepared = new PreparedStatements();
  /** A check of health must not stand in line behind queries. */
  private readonly probe: Pool;
  private readonly budget: QueryBudget;

  constructor(connection: PostgresConnection, budget: Partial<QueryBudget> = {}) {
    this.budget = { ...defaultBudget, ...budget };
    // Each query sets its own limit; the session's is that of a client that waits no longer for any answer.
    const limited = { ...connection, statementTimeoutMs: this.budget.timeoutMs };
    this.pool = openPool(limited);
    this.probe = openPool({ ...limited, maxConnections: 1 });
  }

  get poolUse(): PoolUse {
    return poolUse(this.pool);
  }

  /** Raw points, newest first. */
  points(query: PointsQuery, options?: AskOptions): Promise<PointsPage> {
    return this.ask(query.tenantId, options, (session) => readPoints(session, query, this.budget));
  }

  /** As `points`, as the bytes of its JSON: for whoever would make nothing else of it. */
  pointsJson(query: PointsQuery, options?: AskOptions): Promise<Buffer> {
    return this.ask(query.tenantId, options, (session) => readPointsJson(session, query, this.budget));
  }

  /** One value for each bucket of time and group of series. */
  aggregate(query: AggregateQuery, options?: AskOptions): Promise<AggregateResult> {
    return this.ask(query.tenantId, options, (session) => readAggregate(session, query, this.budget));
  }

  /** Names of metrics, sorted. */
  names(query: SeriesFilter & ListQuery, options?: AskOptions): Promise<ListPage<string>> {
    return this.ask(query.tenantId, options, (session) => readNames(session, query));
  }

  /** Names of labels, sorted. */
  labelNames(query: SeriesFilter & ListQuery, options?: AskOptions): Promise<ListPage<string>> {
    return this.ask(query.tenantId, options, (session) => readLabelNames(session, query));
  }

  /** Values that a label has, sorted. */
  labelValues(
    query: SeriesFilter & ListQuery & { readonly label: string },
    options?: AskOptions,
  ): Promise<ListPage<string>> {
    return this.ask(query.tenantId, options, (session) => readLabelValues(session, query));
  }

  /** What series there are, sorted by name. */
  series(query: SeriesFilter & ListQuery, options?: AskOptions): Promise<ListPage<SeriesDescription>> {
    return this.ask(query.tenantId, options, (session) => readSeries(session, query));
  }

  /** A round trip that needs what every query needs: the store's schema, and the right to read it. For health checks. */
  async ping(): Promise<void> {
    try {
      await this.probe.query('SELECT FROM metrics.tenant_series LIMIT 0');
    } catch (thrown) {
      throw unavailable(thrown, 'the store does not answer');
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.pool.end(), this.probe.end()]);
  }

  private ask<T>(
    tenantId: string,
    options: AskOptions | undefined,
    work: (session: TenantSession) => Promise<T>,
  ): Promise<T> {
    const asking: Asking = { pool: this.pool, prepared: this.prepared, budget: this.budget };
    return asTenant(asking, tenantId, work, options);
  }
}
