import { Inject, Injectable } from '@nestjs/common';
import type { KafkaConnection } from '@weir/kafka';
import { KafkaMetrics } from '@weir/nest-kafka';
import { LOGGER } from '@weir/nest-service';
import { OutboxRelay } from '@weir/outbox';
import { type CheckResult, HealthRegistry, type Logger, Metrics } from '@weir/telemetry';

import { Database } from '../database/database.js';
import { Messages } from './messages.js';

export const RELAY_OPTIONS = Symbol('options of the outbox relay');

export interface RelayOptions {
  /** False while Kafka is disabled: messages wait. */
  readonly enabled: boolean;
  readonly connection: KafkaConnection;
  readonly databaseUrl: string;
  readonly transactionalId: string;
}

const BEHIND_MS = 10_000;

/** Publishes the outbox while the process lives, and tells health and metrics how far it is. */
@Injectable()
export class OutboxPublishing {
  private relay: OutboxRelay | null = null;

  constructor(
    @Inject(RELAY_OPTIONS) private readonly options: RelayOptions,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly database: Database,
    private readonly messages: Messages,
    private readonly health: HealthRegistry,
    private readonly metrics: Metrics,
    private readonly kafkaMetrics: KafkaMetrics,
  ) {}

  start(): void {
    const { metrics } = this;
    // Whatever keeps messages from going out, changes are still taken: they wait.
    this.health.register({ name: 'outbox', readiness: false, check: () => this.check() });
    const waiting = metrics.gauge('weir_outbox_messages');
    const oldest = metrics.gauge('weir_outbox_oldest_message_seconds');
    metrics.beforeScrape(async () => {
      const { messages, oldestAgeMs } = await this.messages.outbox.backlog(this.database.pool);
      waiting.set(messages);
      oldest.set(oldestAgeMs / 1_000);
    });
    if (this.options.enabled) this.relay = this.started();
  }

  async stop(): Promise<void> {
    await this.relay?.stop();
  }

  private started(): OutboxRelay {
    const { connection, databaseUrl, transactionalId } = this.options;
    const { logger, metrics } = this;
    const published = metrics.counter('weir_outbox_published_messages_total');
    const failures = metrics.counter('weir_outbox_failures_total');
    const publishing = metrics.gauge('weir_outbox_publishing');
    publishing.set(0);
    const relay = new OutboxRelay(connection, {
      databaseUrl,
      schema: 'admin',
      transactionalId,
      observer: {
        stateChanged: (state) => publishing.set(state === 'publishing' ? 1 : 0),
        published: (topic, count) => published.inc({ topic }, count),
        failed: (error) => {
          failures.inc({ code: error.code });
          logger.warn({ error }, 'The outbox is not published at the moment; it waits');
        },
        producer: this.kafkaMetrics.producerObserver('outbox'),
      },
    });
    relay.start();
    return relay;
  }

  private async check(): Promise<CheckResult> {
    const { messages, oldestAgeMs } = await this.messages.outbox.backlog(this.database.pool);
    return {
      status: oldestAgeMs > BEHIND_MS ? 'degraded' : 'healthy',
      state: this.relay?.state ?? 'disabled',
      messages,
      oldest_age_ms: Math.round(oldestAgeMs),
    };
  }
}
