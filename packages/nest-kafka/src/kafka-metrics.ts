import { Inject, Injectable, Logger, Optional } from '@nestjs/common';
import type { AdminObserver, ConsumerObserver, ProducerObserver, RecordProducer, Stall } from '@weir/kafka';
import { type CounterCell, type HistogramCell, Metrics } from '@weir/telemetry';
import type { TopicDefinition } from '@weir/topics';

import { watchCertificates } from './certificate-expiry.js';
import { statisticsObserver } from './client-statistics.js';
import { ConsumerWaits } from './consumer-waits.js';
import { PartitionGauges } from './partition-gauges.js';
import { KAFKA_OPTIONS, type KafkaModuleOptions } from './kafka-options.js';

type Component = 'producer' | 'consumer' | 'admin';

/** Codes of calls that came to no broker, or to none that lets us in. */
const UNREACHABLE = new Set(['kafka_unavailable', 'kafka_authentication_failed', 'kafka_tls_failed']);

/** Turns what clients report into the metrics of the catalogue, and into log lines where somebody should look. */
@Injectable()
export class KafkaMetrics {
  private readonly logger = new Logger('Kafka');
  private readonly types: ReadonlyMap<string, string>;
  /** By component, whether each of its clients is connected; null is one that has not told. */
  private readonly clients = new Map<Component, { connected: boolean | null }[]>();

  constructor(
    @Inject(KAFKA_OPTIONS) options: KafkaModuleOptions,
    @Optional() private readonly metrics: Metrics = new Metrics(),
  ) {
    watchCertificates(options.connection, metrics);
    this.types = new Map(options.topics.all.map((topic) => [options.topics.name(topic), messageType(topic)]));
  }

  consumerObserver(group: string, onStall: (stall: Stall) => void): ConsumerObserver {
    const { metrics, logger } = this;
    const consumed = metrics.counter('kafka_messages_consumed_total');
    const errors = metrics.counter('kafka_consumer_errors_total');
    const retries = metrics.counter('weir_consumer_batch_retries_total');
    const sizes = metrics.hotHistogram('weir_consumer_batch_size_records').of({});
    const rebalances = metrics.counter('weir_consumer_rebalances_total');
    const gauges = new PartitionGauges(metrics, group);
    const assigned = metrics.gauge('weir_consumer_assigned_partitions');
    const stalls = metrics.counter('weir_consumer_stalls_total');
    const commits = metrics.hotHistogram('weir_consumer_stage_duration_seconds').of({ stage: 'commit' });
    const waits = new ConsumerWaits(metrics, group);
    const connected = this.newClient('consumer');
    return {
      delivered: ({ records }) => {
        sizes.observe(records.length);
        const counts = new Map<string, number>();
        for (const { topic } of records) counts.set(topic, (counts.get(topic) ?? 0) + 1);
        for (const [topic, count] of counts) consumed.inc({ topic, group }, count);
      },
      rejected: ({ records, attempt }, error, pauseMs) => {
        const { topic = '', partition, offset } = records[0] ?? {};
        errors.inc({ topic, code: error.code });
        retries.inc({ topic, code: error.code });
        logger.warn(
          `Batch of ${records.length} from ${topic} waits ${Math.round(pauseMs)} ms, try ${attempt}: ${error.code}: ${error.message}`,
          { stage: 'settle', topic, partition, offset, records: records.length, attempt, code: error.code },
        );
      },
      failed: (error, topic) => {
        errors.inc({ topic, code: error.code });
        logger.warn(`Consumer of group ${group}: ${error.code}: ${error.message}`, { group, topic, code: error.code });
      },
      assigned: () => {
        rebalances.inc({ group, kind: 'assigned' });
      },
      revoked: (partitions, lost) => {
        rebalances.inc({ group, kind: lost ? 'lost' : 'revoked' });
        gauges.forget(partitions);
      },
      lag: (lags) => gauges.show(lags),
      committed: (_offsets, durationMs) => {
        commits.observe(durationMs / 1_000);
      },
      statistics: statisticsObserver(metrics, group),
      stateChanged: (changed) => {
        const { status: state, reason } = changed;
        connected(state === 'running' || (state === 'waiting' && reason !== 'kafka_unavailable'));
        assigned.set({ group }, changed.assigned);
        if (changed.assigned === 0) gauges.show([]); // as where the client is made anew
        waits.changed(changed);
        const isWaiting = state === 'waiting' || state === 'failed';
        logger[isWaiting ? 'warn' : 'log'](
          `Consumer of group ${group} is ${state}${reason === undefined ? '' : `: ${reason}`}`,
        );
      },
      stalled: (stall) => {
        const { kind, partitions, forMs } = stall;
        stalls.inc({ group, kind });
        logger.error(`Nothing moved for ${forMs} ms though there is work (${kind}): ${JSON.stringify(partitions)}`);
        onStall(stall);
      },
    };
  }

  producerObserver(name: string): ProducerObserver {
    const { metrics, logger } = this;
    const produced = metrics.counter('kafka_messages_produced_total');
    const acknowledged = metrics.hotCounter('kafka_messages_produced_total');
    const latency = metrics.hotHistogram('kafka_producer_latency_seconds');
    const cells = new Map<string, { readonly count: CounterCell; readonly seconds: HistogramCell }>();
    const cellsOf = (topic: string) => {
      const labels = { topic, message_type: this.typeOf(topic) };
      const made = { count: acknowledged.of({ ...labels, status: 'success' }), seconds: latency.of(labels) };
      cells.set(topic, made);
      return made;
    };
    const errors = metrics.counter('kafka_producer_errors_total');
    const connected = this.newClient('producer');
    return {
      statistics: statisticsObserver(metrics, name),
      delivered: (topic, count, latencySeconds) => {
        const cell = cells.get(topic) ?? cellsOf(topic);
        cell.count.inc(count);
        cell.seconds.observe(latencySeconds);
      },
      failed: (topic, code, count) => {
        produced.inc({ topic, message_type: this.typeOf(topic), status: 'error' }, count);
        errors.inc({ topic, code }, count);
      },
      stateChanged: (state, reason) => {
        connected(state === 'ready');
        const isWell = state === 'ready' || state === 'closed';
        logger[isWell ? 'log' : 'warn'](`Producer ${name} is ${state}: ${reason}`);
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
      operation: (operation, outcome, code = '') => {
        operations.inc({ operation, status: outcome === 'success' ? 'success' : 'error' });
        connected(!UNREACHABLE.has(code)); // a call that the brokers refuse has reached them
      },
    };
  }

  /**
   * What tells whether a client is connected: a component is as long as all of its clients are. One that has not told anything yet (a relay
   * that waits for its turn, an admin client that nobody has used) says nothing of the component.
   */
  private newClient(component: Component): (connected: boolean) => void {
    const client: { connected: boolean | null } = { connected: null };
    const clients = [...(this.clients.get(component) ?? []), client];
    this.clients.set(component, clients);
    const status = this.metrics.gauge('kafka_connection_status');
    return (connected) => {
      client.connected = connected;
      status.set({ component }, (this.clients.get(component) ?? []).some((each) => each.connected === false) ? 0 : 1);
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
