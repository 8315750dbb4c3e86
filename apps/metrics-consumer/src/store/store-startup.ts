import { Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { classify, retry } from '@weir/errors';
import { type MetricsStore, migrate, type MigrateOptions, type StoreConnection } from '@weir/metrics-store';
import type { HealthRegistry } from '@weir/telemetry';

const BACKOFF = { minMs: 250, maxMs: 5_000 };

export interface StoreStartupConfig {
  readonly connection: Pick<StoreConnection, 'url'>;
  readonly migrations: MigrateOptions;
}

/**
 * Brings the store up to date in the background and closes it at the end.
 *
 * The database may be away when the process starts: it is then not ready and keeps trying, and does not end, since ending would
 * help nobody and hide the reason. Work begins once `done`.
 */
export class StoreStartup implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('Store');
  private readonly stopping = new AbortController();
  private migrating: Promise<void> = Promise.resolve();
  private migrated = false;

  constructor(
    private readonly store: MetricsStore,
    private readonly health: HealthRegistry,
    private readonly config: StoreStartupConfig,
  ) {}

  /** Whether the store has the schema that this version needs. */
  get done(): boolean {
    return this.migrated;
  }

  /** Resolves at the end of the migration, to `done`: false where the process stops before, or it can never be migrated. */
  get finished(): Promise<boolean> {
    return this.migrating.then(() => this.migrated);
  }

  onModuleInit(): void {
    this.health.register({
      name: 'db',
      readiness: true,
      check: async () => {
        await this.store.ping();
        return this.migrated ? { status: 'healthy' } : { status: 'unhealthy', code: 'store_migrating' };
      },
    });
    this.migrating = this.migrate();
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.migrating;
    await this.store.close();
  }

  /** Never rejects. */
  private async migrate(): Promise<void> {
    try {
      await retry(() => migrate(this.config.connection.url, this.config.migrations), {
        ...BACKOFF,
        signal: this.stopping.signal,
        onRetry: ({ code, message }) => this.logger.warn(`Not migrated yet: ${code}: ${message}`),
      });
      this.migrated = true;
      this.logger.log('The store is up to date');
    } catch (thrown) {
      const { code, message } = classify(thrown);
      if (!this.stopping.signal.aborted) this.logger.error(`Cannot migrate: ${code}: ${message}`);
    }
  }
}
