import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { KafkaProducerError } from '@weir/errors';
import { RecordProducer } from '@weir/kafka';

const CLOSE_TIMEOUT_MS = 10_000;

/** Stands in while Kafka is disabled: no client is made, and every send is refused. */
export class DisabledProducer extends RecordProducer {
  override start(): Promise<void> {
    return Promise.resolve();
  }

  override send(): Promise<void> {
    return Promise.reject(
      new KafkaProducerError('Kafka is disabled (KAFKA_ENABLED=false); nothing was sent.', {
        code: 'kafka_disabled',
        retryable: false,
      }),
    );
  }

  override flush(): Promise<void> {
    return Promise.resolve();
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }
}

/**
 * Starts a producer with the module and flushes it last: in `onApplicationShutdown`, after HTTP has drained and the transport has
 * closed, so that whatever they still had to send is sent.
 */
export class ProducerLifecycle implements OnModuleInit, OnApplicationShutdown {
  constructor(private readonly producer: RecordProducer) {}

  async onModuleInit(): Promise<void> {
    await this.producer.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.producer.close(CLOSE_TIMEOUT_MS);
  }
}
