import type { KafkaConnection } from '@weir/kafka';
import type { CheckResult, HealthRegistry, Logger, Metrics } from '@weir/telemetry';

import type { OutboxBacklog } from './outbox.js';
import { OutboxRelay, type OutboxRelayOptions } from './relay.js';

/** To whom it is told how far the outbox is. */
export interface OutboxTelemetry {
  readonly health: HealthRegistry;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** How the outbox of a process is published, and counted. */
export interface OutboxPublishingOptions {
  /** Null while Kafka is disabled: messages wait. */
  readonly connection: KafkaConnection | null;
  readonly relay: Omit<OutboxRelayOptions, 'observer'> & {
    readonly observer?: Pick<NonNullable<OutboxRelayOptions['observer']>, 'producer'>;
  };
  /** What waits; it may reject. */
  readonly backlog: () => Promise<OutboxBacklog>;
}

const BEHIND_MS = 10_000;

/** Publishes an outbox while the process lives, and tells health, metrics and log how far it is. */
export class OutboxPublishing {
  private relay: OutboxRelay | null = null;

  constructor(
    private readonly options: OutboxPublishingOptions,
    private readonly telemetry: OutboxTelemetry,
  ) {}

  /** Whatever it needs may be away; the outbox's tables are there. */
  start(): void {
    const { metrics, health } = this.telemetry;
    // Whatever keeps messages from going out, what they tell of is still taken: they wait.
    health.register({ name: 'outbox', readiness: false, check: () => this.check() });
    const waiting = metrics.gauge('weir_outbox_messages');
    const oldest = metrics.gauge('weir_outbox_oldest_message_seconds');
    metrics.beforeScrape(async () => {
      const { messages, oldestAgeMs } = await this.options.backlog();
      waiting.set(messages);
      oldest.set(oldestAgeMs / 1_000);
    });
    if (this.options.connection !== null) this.relay = this.started(this.options.connection);
  }

  /** Finishes the batch under way. What is left is the next process's. */
  async stop(): Promise<void> {
    await this.relay?.stop();
  }

  private started(connection: KafkaConnection): OutboxRelay {
    const { metrics, logger } = this.telemetry;
    const published = metrics.counter('weir_outbox_published_messages_total');
    const failures = metrics.counter('weir_outbox_failures_total');
    const publishing = metrics.gauge('weir_outbox_publishing');
    publishing.set(0);
    const relay = new OutboxRelay(connection, {
      ...this.options.relay,
      observer: {
        ...this.options.relay.observer,
        stateChanged: (state) => publishing.set(state === 'publishing' ? 1 : 0),
        published: (topic, count) => published.inc({ topic }, count),
        failed: (error) => {
          failures.inc({ code: error.code });
          logger.warn({ error }, 'The outbox is not published at the moment; it waits');
        },
      },
    });
    relay.start();
    return relay;
  }

  private async check(): Promise<CheckResult> {
    const { messages, oldestAgeMs } = await this.options.backlog();
    return {
      status: oldestAgeMs > BEHIND_MS ? 'degraded' : 'healthy',
      state: this.relay?.state ?? 'disabled',
      messages,
      oldest_age_ms: Math.round(oldestAgeMs),
    };
  }
}
