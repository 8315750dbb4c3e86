import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import type { HealthRegistry, Metrics } from '@weir/telemetry';

import { RedisLimits } from './redis-limits.js';

/** What instances count together, told to health, metrics and logs. */
export class LimitsLifecycle implements OnApplicationShutdown {
  /** Null: this instance counts alone. */
  readonly shared: RedisLimits | null;
  private readonly logger = new Logger('Limits');
  private wasReachable: boolean | null = null;

  constructor(redisUrl: string | null, health: HealthRegistry, metrics: Metrics) {
    const isShared = metrics.gauge('weir_ingest_limits_shared');
    const reachable = (isReachable: boolean): void => {
      isShared.set(Number(isReachable));
      if (isReachable === this.wasReachable) return;
      if (!isReachable) this.logger.warn('Redis is away: each instance counts alone against the limits of tenants.');
      else if (this.wasReachable === false) this.logger.log('Redis is back: limits of tenants are shared again.');
      this.wasReachable = isReachable;
    };
    this.shared = redisUrl === null ? null : new RedisLimits(redisUrl, reachable);
    const { shared } = this;
    if (shared === null) return;
    // Limits are kept without it, by each instance alone: no reason to take nothing in.
    health.register({
      name: 'redis',
      readiness: false,
      check: async () => {
        await shared.ping();
        return { status: 'healthy' };
      },
    });
  }

  /** After HTTP has drained. */
  async onApplicationShutdown(): Promise<void> {
    await this.shared?.close();
  }
}
