export { BatchConsumer, type PartitionWatermarks, type SeekTarget } from './batch-consumer.js';
export { LogProbe, type LogProbeResult } from './log-probe.js';
export type {
  BatchConsumerOptions,
  ConsumerObserver,
  ConsumerReason,
  ConsumerState,
  PartitionLag,
  RecordBatch,
  Stall,
} from './options.js';
