import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
import type { ConsumerObserver, ProducerObserver } from '@weir/kafka';
import { Metrics } from '@weir/telemetry';
import type { TopicDefinition } from '@weir/topics';

import { KAFKA_OPTIONS, type KafkaModuleOptions } from './kafka-options.js';

/** Turns what clients report into the metrics of the catalogue, and into log lines where somebody should look. */
@Injectable()
export class KafkaMetrics {
  private readonly logger = new Logger('Kafka');
  private readonly types: ReadonlyMap<string, string>;

  constructor(
    @Inject(KAFKA_OPTIONS) options: KafkaModuleOptions,
    @Optional() private readonly metrics: Metrics = new Metrics(),
  ) {
    this.types = new Map(options.topics.all.map((topic) => [options.topics.name(topic), messageType(topic)]));
  }

  consumerObserver(group: string): ConsumerObserver {
    const { metrics, logger } = this;
    const consumed = metrics.counter('kafka_messages_consumed_total');
    const errors = metrics.counter('kafka_consumer_errors_total');
    const retries = metrics.counter('weir_consumer_batch_retries_total');
    const sizes = metrics.histogram('weir_consumer_batch_size_records');
    const rebalances = metrics.counter('weir_consumer_rebalances_total');
    const lag = metrics.gauge('kafka_consumer_lag');
    const status = metrics.gauge('kafka_connection_status');
    status.set({ component: 'consumer' }, 0);
    return {
      delivered: ({ records }) => {
        sizes.observe(records.length);
        const counts = new Map<string, number>();
        for (const { topic } of records) counts.set(topic, (counts.get(topic) ?? 0) + 1);
        for (const [topic, count] of counts) consumed.inc({ topic, group }, count);
      },
      rejected: ({ records, attempt }, error, pauseMs) => {
        const topic = records[0]?.topic ?? '';
        errors.inc({ topic, code: error.code });
        retries.inc({ topic, code: error.code });
        logger.warn(
          `Batch of ${records.length} from ${topic} waits ${Math.round(pauseMs)} ms, try ${attempt}: ${error.code}: ${error.message}`,
        );
      },
      failed: (error, topic) => {
        errors.inc({ topic, code: error.code });
        logger.warn(`Consumer of group ${group}: ${error.code}: ${error.message}`);
      },
      assigned: () => {
        rebalances.inc({ group, kind: 'assigned' });
      },
      revoked: (partitions, lost) => {
        rebalances.inc({ group, kind: lost ? 'lost' : 'revoked' });
        for (const { topic, partition } of partitions) lag.remove({ topic, partition: String(partition), group });
      },
      lag: (lags) => {
        for (const { topic, partition, lag: records } of lags)
          lag.set({ topic, partition: String(partition), group }, records);
      },
      stateChanged: ({ status: state, reason }) => {
        const connected = state === 'running' || (state === 'waiting' && reason !== 'kafka_unavailable');
        status.set({ component: 'consumer' }, connected ? 1 : 0);
        logger.log(`Consumer of group ${group} is ${state}${reason === undefined ? '' : `: ${reason}`}`);
      },
      stalled: ({ kind, partitions, forMs }) => {
        logger.error(`Nothing moved for ${forMs} ms though there is work (${kind}): ${JSON.stringify(partitions)}`);
      },
    };
  }

  producerObserver(name: string): ProducerObserver {
    const { metrics, logger } = this;
    const produced = metrics.counter('kafka_messages_produced_total');
    const latency = metrics.histogram('kafka_producer_latency_seconds');
    const errors = metrics.counter('kafka_producer_errors_total');
    const status = metrics.gauge('kafka_connection_status');
    status.set({ component: 'producer' }, 0);
    return {
      delivered: (topic, count, latencySeconds) => {
        const message_type = this.typeOf(topic);
        produced.inc({ topic, message_type, status: 'success' }, count);
        latency.observe({ topic, message_type }, latencySeconds);
      },
      failed: (topic, code, count) => {
        produced.inc({ topic, message_type: this.typeOf(topic), status: 'error' }, count);
        errors.inc({ topic, code }, count);
      },
      stateChanged: (state, reason) => {
        status.set({ component: 'producer' }, state === 'ready' ? 1 : 0);
        logger.log(`Producer ${name} is ${state}: ${reason}`);
      },
    };
  }

  adminOperation(operation: string, succeeded: boolean): void {
    this.metrics.counter('kafka_admin_operations_total').inc({ operation, status: succeeded ? 'success' : 'error' });
    this.metrics.gauge('kafka_connection_status').set({ component: 'admin' }, succeeded ? 1 : 0);
  }

  private typeOf(topic: string): string {
    return this.types.get(topic) ?? 'other';
  }
}

/** What the records of a topic are: the Avro subject, or the name of the JSON envelope. */
function messageType({ value }: TopicDefinition): string {
  return value.format === 'avro' ? value.subject : value.envelope;
}
