/** The `RecordProducer` of `metrics.raw`. */
export const INGEST_PRODUCER = Symbol('weir.ingest-producer');
/** Whether this instance uses Kafka at all. */
export const KAFKA_ENABLED = Symbol('weir.kafka-enabled');
