import { type DynamicModule, Module } from '@nestjs/common';
import { HealthRegistry, Metrics } from '@weir/telemetry';

import { ActiveSeries } from './active-series.js';
import { LimitsLifecycle } from './limits-lifecycle.js';
import { SampleRates } from './sample-rates.js';
import { type DefaultQuotas, TenantQuotas } from './tenant-quotas.js';

export interface QuotasConfig {
  readonly defaults: DefaultQuotas;
  /** How long a series is active after a sample of it. */
  readonly activeSeriesWindowMs: number;
  /** Null: each instance counts alone. */
  readonly redisUrl: string | null;
}

/** How much each tenant may send. */
@Module({})
export class LimitsModule {
  static forRoot({ defaults, activeSeriesWindowMs, redisUrl }: QuotasConfig): DynamicModule {
    return {
      module: LimitsModule,
      providers: [
        {
          provide: LimitsLifecycle,
          inject: [HealthRegistry, Metrics],
          useFactory: (health: HealthRegistry, metrics: Metrics) => new LimitsLifecycle(redisUrl, health, metrics),
        },
        {
          provide: ActiveSeries,
          inject: [LimitsLifecycle],
          useFactory: ({ shared }: LimitsLifecycle) => new ActiveSeries({ windowMs: activeSeriesWindowMs, shared }),
        },
        {
          provide: TenantQuotas,
          inject: [LimitsLifecycle, ActiveSeries],
          useFactory: ({ shared }: LimitsLifecycle, series: ActiveSeries) =>
            new TenantQuotas(defaults, new SampleRates(shared), series),
        },
      ],
      exports: [ActiveSeries, TenantQuotas],
    };
  }
}
