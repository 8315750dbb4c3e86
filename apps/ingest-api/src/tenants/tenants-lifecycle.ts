import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { type CheckResult, HealthRegistry, Metrics } from '@weir/telemetry';
import { TenantsFeed, TenantsView } from '@weir/tenancy';

/** Starts and ends the feed of tenants, and tells health and metrics how the view is. */
@Injectable()
export class TenantsLifecycle implements OnModuleInit, OnApplicationShutdown {
  constructor(
    /** Null while Kafka is disabled. */
    @Inject(TenantsFeed) private readonly feed: TenantsFeed | null,
    @Inject(TenantsView) private readonly view: TenantsView,
    @Inject(HealthRegistry) private readonly health: HealthRegistry,
    @Inject(Metrics) private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    const { feed } = this;
    if (feed === null) return;
    this.health.register({ name: 'tenants', readiness: true, check: () => this.check(feed) });
    const age = this.metrics.gauge('weir_tenants_view_age_seconds');
    const size = this.metrics.gauge('weir_tenants_view_tenants');
    const status = this.metrics.gauge('kafka_connection_status');
    this.metrics.beforeScrape(() => {
      age.set(feed.ageMs() / 1000);
      size.set(this.view.size);
      status.set({ component: 'reader' }, feed.connected ? 1 : 0);
    });
    feed.start();
  }

  /** After HTTP has drained: requests in flight still need the view. */
  async onApplicationShutdown(): Promise<void> {
    await this.feed?.close();
  }

  private check(feed: TenantsFeed): CheckResult {
    const { state, waitingFor, size } = this.view;
    const ageMs = feed.ageMs();
    return {
      status: state === 'ready' ? 'healthy' : 'unhealthy',
      state,
      ...(waitingFor === null ? {} : { waiting_for: waitingFor }),
      tenants: size,
      age_ms: Number.isFinite(ageMs) ? Math.round(ageMs) : null,
    };
  }
}
