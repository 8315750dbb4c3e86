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
    const { feed, view, metrics } = this;
    this.health.register({ name: 'tenants', readiness: true, check: () => this.check() });
    const age = metrics.gauge('weir_tenants_view_age_seconds');
    const size = metrics.gauge('weir_tenants_view_tenants');
    const status = metrics.gauge('kafka_connection_status');
    metrics.beforeScrape(() => {
      age.set((feed?.ageMs() ?? Infinity) / 1_000);
      size.set(view.size);
      status.set({ component: 'reader' }, feed?.connected === true ? 1 : 0);
    });
    feed?.start();
  }

  /** After HTTP has drained: requests in flight still need the view. */
  async onApplicationShutdown(): Promise<void> {
    await this.feed?.close();
  }

  private check(): CheckResult {
    if (this.feed === null) return { status: 'unhealthy', code: 'kafka_disabled' };
    const { state, waitingFor, size } = this.view;
    const ageMs = this.feed.ageMs();
    return {
      status: state === 'ready' ? 'healthy' : 'unhealthy',
      state,
      waiting_for: waitingFor,
      tenants: size,
      age_ms: Number.isFinite(ageMs) ? Math.round(ageMs) : null, // null: nothing was heard of the topic yet
    };
  }
}
