import type { Metrics } from './metrics.js';

/** How a pool of database connections is used at the moment. */
interface PoolUse {
  /** Connections that somebody works on. */
  readonly busy: number;
  readonly idle: number;
  /** Who waits for one. */
  readonly waiting: number;
  readonly limit: number;
}

/** Shows at each scrape how this process's pool is used. */
export function watchPool(metrics: Metrics, use: () => PoolUse): void {
  const connections = metrics.gauge('weir_database_pool_connections');
  const limits = metrics.gauge('weir_database_pool_limit_connections');
  const requests = metrics.gauge('weir_database_pool_waiting_requests');
  metrics.beforeScrape(() => {
    const { busy, idle, waiting, limit } = use();
    connections.set({ state: 'busy' }, busy);
    connections.set({ state: 'idle' }, idle);
    limits.set(limit);
    requests.set(waiting);
  });
}
