/** The `RecordProducer` of `metrics.raw`. */
export const INGEST_PRODUCER = Symbol('weir.ingest-producer');
/** `IngestSettings`. */
export const INGEST_SETTINGS = Symbol('weir.ingest-settings');

/** What the route and its health need of the configuration. */
export interface IngestSettings {
  readonly kafkaEnabled: boolean;
  readonly maxBodyBytes: number;
}
