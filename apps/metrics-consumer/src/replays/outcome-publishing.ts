import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { replayEventEncoder } from '@weir/avro';
import { type MetricsStore, STORE_SCHEMA } from '@weir/metrics-store';
import type { SchemaRegistry } from '@weir/nest-kafka';
import { OutboxPublishing, type OutboxPublishingOptions, type OutboxTelemetry } from '@weir/outbox';

import type { StoreStartup } from '../store/store-startup.js';
import { OutcomeEvents } from './outcome-events.js';

export interface OutcomePublishingOptions {
  readonly connection: OutboxPublishingOptions['connection'];
  readonly relay: Pick<OutboxPublishingOptions['relay'], 'databaseUrl' | 'transactionalId' | 'observer'>;
  readonly autoRegister: boolean;
  readonly serviceName: string;
}

/**
 * Publishes what became of replayed records, beside the work and never in its way: where the topic, the registry or the brokers are
 * away, outcomes wait in the database and records go on being stored. One instance of all publishes.
 */
export class OutcomePublishing implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly stopping = new AbortController();
  private readonly publishing: OutboxPublishing;

  constructor(
    store: MetricsStore,
    private readonly startup: StoreStartup,
    { client }: SchemaRegistry,
    telemetry: OutboxTelemetry,
    { connection, relay, autoRegister, serviceName }: OutcomePublishingOptions,
  ) {
    const events = new OutcomeEvents(replayEventEncoder(client, { autoRegister }), serviceName, this.stopping.signal);
    this.publishing = new OutboxPublishing(
      {
        connection,
        relay: { ...relay, schema: STORE_SCHEMA, finish: events.finish },
        backlog: () => store.outboxBacklog(),
      },
      telemetry,
    );
  }

  /** Begins once the store has its outbox. */
  onApplicationBootstrap(): void {
    void this.begin();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.publishing.stop();
  }

  private async begin(): Promise<void> {
    if ((await this.startup.finished) && !this.stopping.signal.aborted) this.publishing.start();
  }
}
