import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { SchemaRegistryClient } from '@weir/avro';
import { classify, retry, StoreUnavailableError } from '@weir/errors';
import { OutboxPublishing } from '@weir/outbox';
import { HealthRegistry } from '@weir/telemetry';

import { Refusals } from './audit/refusals.js';
import { Database } from './database/database.js';
import { migrate } from './database/migrate.js';
import { Messages } from './messages/messages.js';
import { Operators } from './operators/operators.js';
import { TenantsTopic } from './tenants/tenants-topic.js';

const BACKOFF = { minMs: 250, maxMs: 5_000 };

export const LIFECYCLE_OPTIONS = Symbol('options of the lifecycle');

export interface LifecycleOptions {
  readonly databaseUrl: string;
  readonly registry: SchemaRegistryClient;
  /** The first admin's; null where none is given. */
  readonly bootstrapKey: string | null;
}

/**
 * Starts and ends what works besides the requests, in order: brings the database up to date, takes in the first admin, and learns the
 * schemas' ids, each in the background.
 *
 * What it needs may be away when the process starts: it is then not ready and keeps trying, and does not end, since ending would help nobody
 * and hide the reason.
 */
@Injectable()
export class Lifecycle implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('AdminService');
  private readonly stopping = new AbortController();
  private starting: Promise<unknown> = Promise.resolve();
  private prepared = false;

  constructor(
    @Inject(LIFECYCLE_OPTIONS) private readonly options: LifecycleOptions,
    private readonly database: Database,
    private readonly operators: Operators,
    private readonly messages: Messages,
    private readonly publishing: OutboxPublishing,
    private readonly tenantsTopic: TenantsTopic,
    private readonly refusals: Refusals,
    private readonly health: HealthRegistry,
  ) {}

  /**
   * Throws StoreUnavailableError or SchemaRegistryUnavailableError until the process may take calls. Before that nobody can be told
   * from a stranger, and what cannot be told to others must not be changed.
   */
  assertPrepared(): void {
    this.messages.assertReady();
    if (!this.prepared) throw new StoreUnavailableError('The database is not up to date yet.');
  }

  onModuleInit(): void {
    this.health.register({
      name: 'db',
      readiness: true,
      check: async () => {
        await this.database.ping();
        return this.prepared ? { status: 'healthy' } : { status: 'unhealthy', code: 'store_migrating' };
      },
    });
    this.health.register({
      name: 'schemas',
      readiness: true,
      check: () =>
        this.messages.isReady ? { status: 'healthy' } : { status: 'unhealthy', code: 'schema_registry_unavailable' },
    });
    this.health.register({
      name: 'schema-registry',
      readiness: false, // what is needed of it is known once `schemas` is healthy
      check: async () => {
        await this.options.registry.ping();
        return { status: 'healthy' };
      },
    });
    this.starting = Promise.all([
      this.persist('the database', () => this.prepareDatabase()),
      this.persist('the schemas', () => this.messages.ready(this.stopping.signal)),
    ]);
    // These wait for what they need by themselves.
    this.publishing.start();
    this.tenantsTopic.start();
    this.refusals.start();
  }

  /** After HTTP has drained. What is not published yet is the next process's. */
  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await Promise.all([this.starting, this.tenantsTopic.stop(), this.publishing.stop(), this.refusals.stop()]);
    await this.database.close();
  }

  private async prepareDatabase(): Promise<void> {
    await migrate(this.options.databaseUrl);
    const { bootstrapKey } = this.options;
    if (bootstrapKey !== null && (await this.operators.bootstrap(bootstrapKey)))
      this.logger.log('The first admin was taken in from ADMIN_BOOTSTRAP_KEY');
    this.prepared = true;
  }

  /** Never rejects. */
  private async persist(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await retry(work, {
        ...BACKOFF,
        signal: this.stopping.signal,
        onRetry: ({ code, message }) => this.logger.warn(`Waiting for ${what}: ${code}: ${message}`),
      });
    } catch (thrown) {
      const { code, message } = classify(thrown);
      if (!this.stopping.signal.aborted) this.logger.error(`Cannot go on without ${what}: ${code}: ${message}`);
    }
  }
}
