import { Inject, Injectable, Optional } from '@nestjs/common';
import { type CustomTransportStrategy, type MessageHandler, Server } from '@nestjs/microservices';
import { KafkaConsumerError } from '@weir/errors';
import {
  BatchConsumer,
  type BatchConsumerOptions,
  type ConsumedRecord,
  type ConsumerObserver,
  type ConsumerState,
  type PartitionLag,
  type RecordBatch,
  type Stall,
  type TopicPartition,
  type TopicPartitionOffset,
} from '@weir/kafka';
import { HealthRegistry, Traces } from '@weir/telemetry';
import type { TopicDefinition } from '@weir/topics';
import { lastValueFrom } from 'rxjs';

import { HandlerRegistration, KAFKA_TRANSPORT } from './batch-handler.js';
import { BatchSpans } from './batch-spans.js';
import { consumerHealth } from './consumer-health.js';
import { KAFKA_OPTIONS, type KafkaModuleOptions } from './kafka-options.js';
import { KafkaMetrics } from './kafka-metrics.js';

const DRAIN_TIMEOUT_MS = 10_000;

/**
 * Runs one `BatchConsumer` for each `@BatchHandler` of the app; use with `app.connectMicroservice({ strategy: app.get(BatchTransport) })`.
 *
 * A handler's own error reaches the consumer, so a batch that failed is never committed. While Kafka is disabled nothing is made.
 */
@Injectable()
export class BatchTransport extends Server implements CustomTransportStrategy {
  override readonly transportId = KAFKA_TRANSPORT;
  /** The consumer sees every failure, and reports it: Nest need not log it as well. */
  override readonly propagatesEventHandlerErrors = true;
  private readonly consumers = new Map<string, BatchConsumer>();
  /** As measured last, by the registry's name of the topic. */
  private readonly lags = new Map<string, readonly PartitionLag[]>();

  private readonly onFetched = new Map<string, (records: readonly ConsumedRecord[]) => void>();

  constructor(
    @Inject(KAFKA_OPTIONS) private readonly options: KafkaModuleOptions,
    private readonly metrics: KafkaMetrics,
    @Optional() private readonly health?: HealthRegistry,
    @Optional() @Inject(Traces) private readonly traces: Traces | null = null,
  ) {
    super();
  }

  /** Refuses a second handler of a topic: Nest would run both on each batch, with the options of the first. */
  override addHandler(...[pattern, handler, isEvent, extras]: Parameters<Server['addHandler']>): void {
    if (this.messageHandlers.has(this.normalizePattern(pattern)))
      throw new TypeError(`There are two handlers of ${JSON.stringify(pattern)}; a topic has one consumer in an app`);
    super.addHandler(pattern, handler, isEvent, extras);
  }

  listen(callback: (error?: unknown) => void): void {
    if (this.options.enabled) this.startConsumers();
    callback();
  }

  /** Takes nothing new, waits for the batches in progress, commits and leaves the groups. */
  async close(): Promise<void> {
    const timeoutMs = this.options.drainTimeoutMs ?? DRAIN_TIMEOUT_MS;
    await Promise.all([...this.consumers.values()].map((consumer) => consumer.stop(timeoutMs)));
  }

  /** Has `begin` told of a topic's records as they are fetched, so that work which needs nobody else may begin: `ConsumerObserver.fetched`. */
  whenFetched(topic: Pick<TopicDefinition, 'name'>, begin: (records: readonly ConsumedRecord[]) => void): void {
    this.onFetched.set(topic.name, begin);
  }

  /** The consumer of a topic, to pause, seek or look at. Throws `kafka_disabled`, or `consumer_not_running` before the start. */
  consumer(topic: Pick<TopicDefinition, 'name'>): BatchConsumer {
    const consumer = this.consumers.get(topic.name);
    if (consumer !== undefined) return consumer;
    throw new KafkaConsumerError(`There is no consumer of ${topic.name}`, {
      code: this.options.enabled ? 'consumer_not_running' : 'kafka_disabled',
      retryable: this.options.enabled,
    });
  }

  /** What each consumer is up to, by the registry's name of its topic. */
  get states(): ReadonlyMap<string, ConsumerState> {
    return new Map([...this.consumers].map(([topic, consumer]) => [topic, consumer.state]));
  }

  override on(): never {
    throw new TypeError('The transport has no events of its own: see the consumer observer');
  }

  override unwrap<T>(): T {
    throw new TypeError('Ask for the consumer of a topic instead');
  }

  private startConsumers(): void {
    for (const { registration, handler } of this.registered('batch'))
      this.consumers.set(
        registration.topic.name,
        new BatchConsumer(this.options.connection, this.consumerOptions(registration, handler)),
      );
    if (this.consumers.size === 0) return;
    const readiness = this.options.consumerReadiness ?? true;
    this.health?.register({ name: 'consumer', readiness, check: () => consumerHealth(this.states, this.lags) });
    for (const consumer of this.consumers.values()) void consumer.start();
  }

  private consumerOptions({ topic, options }: HandlerRegistration, handler: MessageHandler): BatchConsumerOptions {
    const groupId = options.groupId ?? this.options.consumer?.groupId ?? this.options.consumerGroup;
    const observer = this.observerOf(topic, groupId);
    const starts = this.registered('assignment').find(({ registration }) => registration.topic.name === topic.name);
    const spans = this.spansOf(groupId, options.maxRecords ?? this.options.consumer?.maxRecords);
    return {
      ...this.options.consumer,
      ...options,
      groupId,
      topics: [this.options.topics.name(topic)],
      handler: async (batch: RecordBatch) => {
        await (spans === null ? this.call(handler, batch) : spans.around(batch, () => this.call(handler, batch)));
      },
      ...(starts !== undefined && {
        startOffsets: async (partitions: readonly TopicPartition[]) =>
          offsetsIn(await this.call(starts.handler, partitions)),
      }),
      observer: spans?.observing(observer) ?? observer,
    };
  }

  private observerOf(topic: Pick<TopicDefinition, 'name'>, groupId: string): ConsumerObserver {
    const observer = this.metrics.consumerObserver(groupId, this.options.onStall ?? endProcess);
    return {
      ...observer,
      fetched: (records) => this.onFetched.get(topic.name)?.(records),
      lag: (lags) => {
        this.lags.set(topic.name, lags);
        observer.lag?.(lags);
      },
    };
  }

  private spansOf(group: string, maxRecords: number | undefined): BatchSpans | null {
    return this.traces === null ? null : new BatchSpans(this.traces, { group, oneByOne: maxRecords === 1 });
  }

  /** What the handler answered; rejects with its own error. */
  private async call(handler: MessageHandler, argument: unknown): Promise<unknown> {
    const answer: unknown = await handler(argument, undefined);
    return lastValueFrom(this.transformToObservable(answer), { defaultValue: undefined });
  }

  private registered(kind: HandlerRegistration['kind']): Registered[] {
    return [...this.messageHandlers.values()].flatMap((handler) => {
      const registration: unknown = handler.extras?.['registration'];
      return registration instanceof HandlerRegistration && registration.kind === kind
        ? [{ registration, handler }]
        : [];
    });
  }
}

interface Registered {
  readonly registration: HandlerRegistration;
  readonly handler: MessageHandler;
}

/** Thrown outside every call, so that nothing catches it: the process logs it and ends with a failure. */
function endProcess({ kind, forMs }: Stall): void {
  setImmediate(() => {
    throw new KafkaConsumerError(`Nothing moved for ${forMs} ms though there is work (${kind})`, {
      code: 'consumer_stalled',
      retryable: false,
    });
  });
}

/** A start offset that is none must not be taken for "begin at the committed offset". */
function offsetsIn(answer: unknown): TopicPartitionOffset[] {
  if (Array.isArray(answer) && answer.every(isOffset)) return answer;
  throw new TypeError('An assignment handler must answer a list of { topic, partition, offset }');
}

function isOffset(value: unknown): value is TopicPartitionOffset {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof Reflect.get(value, 'topic') === 'string' &&
    Number.isInteger(Reflect.get(value, 'partition')) &&
    Number.isSafeInteger(Reflect.get(value, 'offset'))
  );
}
