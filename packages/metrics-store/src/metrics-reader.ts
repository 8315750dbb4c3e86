import type { Pool } from 'pg';

import { openPool, type StoreConnection } from './connection.js';
import { unavailable } from './faults.js';
import { defaultBudget, type QueryBudget } from './read/budget.js';
import { readPoints } from './read/points.js';
import type { PointsPage, PointsQuery } from './read/query.js';
import { asTenant, type TenantSession } from './read/tenant-session.js';

/**
 * The reading side of the metrics store: the one way in which a query reaches a tenant's data.
 *
 * Every question names its tenant and is answered from that tenant's rows alone. Rejects with QueryBudgetError past a limit,
 * with ValidationError for a cursor that is none, and with StoreUnavailableError while the database is away.
 */
export class MetricsReader {
  private readonly pool: Pool;
  private readonly budget: QueryBudget;

  constructor(connection: StoreConnection, budget: Partial<QueryBudget> = {}) {
    this.budget = { ...defaultBudget, ...budget };
    this.pool = openPool({ statementTimeoutMs: this.budget.timeoutMs, ...connection });
  }

  /** Raw points, newest first. */
  points(query: PointsQuery): Promise<PointsPage> {
    return this.ask(query.tenantId, (session) => readPoints(session, query, this.budget));
  }

  /** A round trip; for health checks. */
  async ping(): Promise<void> {
    try {
      await this.pool.query('SELECT 1');
    } catch (thrown) {
      throw unavailable(thrown, 'the store does not answer');
    }
  }

  async close(): Promise<void> {
    await this.pool.end();
  }

  private ask<T>(tenantId: string, work: (session: TenantSession) => Promise<T>): Promise<T> {
    return asTenant(this.pool, tenantId, this.budget, work);
  }
}
