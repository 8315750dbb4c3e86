export type { PostgresConnection as StoreConnection } from '@weir/postgres';
export { LedgerAccountingError, LedgerBehindError } from './ledger-errors.js';
export { MetricsStore, type MetricsStoreOptions, type StartOffset, STORE_SCHEMA } from './metrics-store.js';
export { migrate, type MigrateOptions } from './migrate.js';
export { PartitionKeeper } from './partitions.js';
export type { Sample } from './sample.js';
export { type SeriesIdentity, seriesId } from './series-id.js';
export {
  isBalanced,
  type LedgerEntry,
  type LedgerReport,
  type PartitionRange,
  type PositionedSample,
  type RefusedSample,
  type SettledCounts,
  type SettlementUnit,
} from './settlement.js';
export { MetricsReader } from './metrics-reader.js';
export { defaultBudget, type QueryBudget } from './read/budget.js';
export {
  type AggregateQuery,
  type AggregateResult,
  type Aggregation,
  aggregations,
  type ListPage,
  type ListQuery,
  type Point,
  type PointsPage,
  type PointsQuery,
  type SeriesDescription,
  type SeriesFilter,
  type TimeRange,
} from './read/query.js';
