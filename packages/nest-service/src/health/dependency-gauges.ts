import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { HealthRegistry, Metrics } from '@weir/telemetry';

import { Rounds } from '../lifecycle/rounds.js';

const INTERVAL_MS = 5_000;

/**
 * Shows what the health checks find as `weir_dependency_up`.
 *
 * In rounds of its own, for a scrape has no time for a check that waits until it gives up.
 */
@Injectable()
export class DependencyGauges implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly up;
  private readonly rounds = new Rounds(() => this.look(), INTERVAL_MS);

  constructor(
    @Inject(HealthRegistry) private readonly health: HealthRegistry,
    @Inject(Metrics) metrics: Metrics,
  ) {
    this.up = metrics.gauge('weir_dependency_up');
  }

  onApplicationBootstrap(): void {
    this.rounds.start(0);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.rounds.stop();
  }

  private async look(): Promise<void> {
    const { checks } = await this.health.report();
    for (const [dependency, { status }] of Object.entries(checks))
      this.up.set({ dependency }, status === 'unhealthy' ? 0 : 1);
  }
}
