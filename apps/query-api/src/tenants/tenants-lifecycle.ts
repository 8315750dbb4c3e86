import { Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { CheckResult, HealthRegistry, Metrics } from '@weir/telemetry';
import type { TenantsFeed, TenantsFeedObserver, TenantsView } from '@weir/tenancy';

/** Starts and ends the feed of tenants, and tells logs, health and metrics how the view is. */
export class TenantsLifecycle implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger('Tenants');
  /** Null while Kafka is disabled. */
  private readonly feed: TenantsFeed | null;

  constructor(
    private readonly view: TenantsView,
    private readonly health: HealthRegistry,
    private readonly metrics: Metrics,
    feed: (observer: TenantsFeedObserver) => TenantsFeed | null,
  ) {
    this.feed = feed(this.observer());
  }

  onModuleInit(): void {
    const { feed } = this;
    this.health.register({ name: 'tenants', readiness: true, check: () => this.check() });
    const age = this.metrics.gauge('weir_tenants_view_age_seconds');
    const size = this.metrics.gauge('weir_tenants_view_tenants');
    const status = this.metrics.gauge('kafka_connection_status');
    this.metrics.beforeScrape(() => {
      age.set((feed?.ageMs() ?? Infinity) / 1_000);
      size.set(this.view.size);
      status.set({ component: 'reader' }, feed?.connected === true ? 1 : 0);
    });
    feed?.start();
  }

  /** After HTTP has drained: requests in flight still need the view. */
  async onApplicationShutdown(): Promise<void> {
    await this.feed?.close();
  }

  private check(): CheckResult {
    const { state, waitingFor, size } = this.view;
    if (this.feed === null) return { status: 'unhealthy', code: 'kafka_disabled' };
    return { status: state === 'ready' ? 'healthy' : 'unhealthy', state, waiting_for: waitingFor, tenants: size };
  }

  private observer(): TenantsFeedObserver {
    const passedOver = this.metrics.counter('weir_tenants_view_records_passed_over_total');
    return {
      passedOver: ({ topic, partition, offset }, reason, error) => {
        passedOver.inc({ reason });
        this.logger.warn(`Passed over ${topic}[${partition}]@${offset}: ${reason}: ${error.message}`);
      },
      waiting: ({ code, message }) => this.logger.warn(`Waiting for a schema: ${code}: ${message}`),
      failed: ({ code, message }) => this.logger.warn(`The topic cannot be read: ${code}: ${message}`),
      recreated: () => this.logger.warn('The topic was made anew; nobody is served until it was read'),
    };
  }
}
