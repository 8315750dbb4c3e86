import { type DynamicModule, Global, type InjectionToken, Module } from '@nestjs/common';
import { type ProducerOptions, RecordProducer } from '@weir/kafka';

import { BatchTransport } from './batch-transport.js';
import { KafkaMetrics } from './kafka-metrics.js';
import { KafkaTopics } from './kafka-topics.js';
import { KAFKA_OPTIONS, type KafkaModuleOptions } from './kafka-options.js';
import { DisabledProducer, ProducerLifecycle } from './producer-lifecycle.js';

@Global()
@Module({})
class KafkaProducerModule {}

/** Kafka for a Nest app: `forRoot` once, and `producer` for each class of topics that the app writes. */
@Global()
@Module({})
export class KafkaModule {
  static forRoot(options: KafkaModuleOptions): DynamicModule {
    return {
      module: KafkaModule,
      providers: [{ provide: KAFKA_OPTIONS, useValue: options }, KafkaMetrics, KafkaTopics, BatchTransport],
      exports: [KAFKA_OPTIONS, KafkaMetrics, BatchTransport],
    };
  }

  /**
   * Provides a `RecordProducer` under `token`: started with the app, flushed after everything else has stopped, its metrics kept. While Kafka is
   * disabled every `send` rejects with `kafka_disabled`.
   */
  static producer(token: InjectionToken, producerOptions: ProducerOptions): DynamicModule {
    return {
      module: KafkaProducerModule,
      providers: [
        {
          provide: token,
          inject: [KAFKA_OPTIONS, KafkaMetrics],
          useFactory: ({ enabled, connection }: KafkaModuleOptions, metrics: KafkaMetrics): RecordProducer =>
            new (enabled ? RecordProducer : DisabledProducer)(connection, {
              observer: metrics.producerObserver(producerOptions.name),
              ...producerOptions,
            }),
        },
        {
          provide: Symbol(`lifecycle of ${producerOptions.name}`),
          inject: [token, KafkaMetrics],
          useFactory: (producer: RecordProducer, metrics: KafkaMetrics) => {
            metrics.watchQueue(producerOptions.name, producer);
            return new ProducerLifecycle(producer);
          },
        },
      ],
      exports: [token],
    };
  }
}
