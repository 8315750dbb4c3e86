/** Every process of Weir. */
export type AppName = 'ingest-api' | 'metrics-consumer' | 'dlq-replayer' | 'admin-service' | 'query-api';
