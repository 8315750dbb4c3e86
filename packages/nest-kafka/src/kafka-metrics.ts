import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
import type { AdminObserver, ConsumerObserver, ProducerObserver, RecordProducer, Stall } from '@weir/kafka';
import { Metrics } from '@weir/telemetry';
import type { TopicDefinition } from '@weir/topics';

import { KAFKA_OPTIONS, type KafkaModuleOptions } from './kafka-options.js';

type Component = 'producer' | 'consumer' | 'admin';

/** Turns what clients report into the metrics of the catalogue, and into log lines where somebody should look. */
@Injectable()
export class KafkaMetrics {
  private readonly logger = new Logger('Kafka');
  private readonly types: ReadonlyMap<string, string>;
  /** By component, whether each of its clients is connected. */
  private readonly clients = new Map<Component, { connected: boolean }[]>();

  constructor(
    @Inject(KAFKA_OPTIONS) options: KafkaModuleOptions,
    @Optional() private readonly metrics: Metrics = new Metrics(),
  ) {
    this.types = new Map(options.topics.all.map((topic) => [options.topics.name(topic), messageType(topic)]));
  }

  consumerObserver(group: string, onStall: (stall: Stall) => void): ConsumerObserver {
    const { metrics, logger } = this;
    const consumed = metrics.counter('kafka_messages_consumed_total');
    const errors = metrics.counter('kafka_consumer_errors_total');
    const retries = metrics.counter('weir_consumer_batch_retries_total');
    const sizes = metrics.histogram('weir_consumer_batch_size_records');
    const rebalances = metrics.counter('weir_consumer_rebalances_total');
    const lag = metrics.gauge('kafka_consumer_lag');
    const connected = this.newClient('consumer');
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
        connected(state === 'running' || (state === 'waiting' && reason !== 'kafka_unavailable'));
        logger.log(`Consumer of group ${group} is ${state}${reason === undefined ? '' : `: ${reason}`}`);
      },
      stalled: (stall) => {
        const { kind, partitions, forMs } = stall;
        logger.error(`Nothing moved for ${forMs} ms though there is work (${kind}): ${JSON.stringify(partitions)}`);
        onStall(stall);
      },
    };
  }

  producerObserver(name: string): ProducerObserver {
    const { metrics, logger } = this;
    const produced = metrics.counter('kafka_messages_produced_total');
    const latency = metrics.histogram('kafka_producer_latency_seconds');
    const errors = metrics.counter('kafka_producer_errors_total');
    const connected = this.newClient('producer');
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
        connected(state === 'ready');
        logger.log(`Producer ${name} is ${state}: ${reason}`);
      },
    };
  }

  /** Shows at each scrape what waits in a producer. */
  watchQueue(name: string, producer: Pick<RecordProducer, 'queue'>): void {
    const records = this.metrics.gauge('weir_kafka_producer_queue_records');
    const bytes = this.metrics.gauge('weir_kafka_producer_queue_bytes');
    this.metrics.beforeScrape(() => {
      records.set({ producer: name }, producer.queue.records);
      bytes.set({ producer: name }, producer.queue.bytes);
    });
  }

  adminObserver(): AdminObserver {
    const operations = this.metrics.counter('kafka_admin_operations_total');
    const connected = this.newClient('admin');
    return {
      operation: (operation, outcome) => {
        operations.inc({ operation, status: outcome === 'success' ? 'success' : 'error' });
        connected(outcome === 'success');
      },
    };
  }

  /** What tells whether a client is connected: a component is as long as all of its clients are. */
  private newClient(component: Component): (connected: boolean) => void {
    const client = { connected: false };
    const clients = [...(this.clients.get(component) ?? []), client];
    this.clients.set(component, clients);
    const status = this.metrics.gauge('kafka_connection_status');
    const show = (): void =>
      status.set({ component }, (this.clients.get(component) ?? []).every((each) => each.connected) ? 1 : 0);
    show();
    return (connected) => {
      client.connected = connected;
      show();
    };
  }

  private typeOf(topic: string): string {
    return this.types.get(topic) ?? 'other';
  }
}

/** What the records of a topic are: the Avro subject, or the name of the JSON envelope. */
function messageType({ value }: TopicDefinition): string {
  return value.format === 'avro' ? value.subject : value.envelope;
}
