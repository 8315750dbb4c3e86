export { AssignmentHandler, BatchHandler, type BatchHandlerOptions } from './batch-handler.js';
export { recordedTraceOf } from './batch-spans.js';
export { BatchTransport } from './batch-transport.js';
export { KafkaMetrics } from './kafka-metrics.js';
export { KafkaModule } from './kafka.module.js';
export { KAFKA_OPTIONS, type KafkaModuleOptions } from './kafka-options.js';
export { registryMetrics } from './registry-metrics.js';
export { SchemaRegistry } from './schema-registry.js';
