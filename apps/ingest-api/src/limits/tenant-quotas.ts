import type { PackedBytes } from '@weir/kafka';
import type { KnownTenant } from '@weir/tenancy';

import { RequestRefused } from '../metrics/problems.js';
import type { ActiveSeries, Refused } from './active-series.js';
import type { SampleRates } from './sample-rates.js';
import type { Rate } from './token-bucket.js';

/** What holds where a tenant has no limit of its own; null: none. */
export interface DefaultQuotas {
  readonly samplesPerSecond: number | null;
  readonly burst: number | null;
  readonly maxActiveSeries: number | null;
}

/** The limits as a tenant's record calls them. */
const SAMPLES = 'samples_per_second';
const SERIES = 'active_series';

export interface LimitUsage {
  readonly tenantId: string;
  readonly limit: typeof SAMPLES | typeof SERIES;
  readonly ratio: number;
}

type LimitedTenant = Pick<KnownTenant, 'id' | 'record'>;

/** A limit without a burst of its own lets so many seconds of it through at once: clients send every ten or fifteen seconds. */
const BURST_SECONDS = 20;

/** How much a tenant may send, by its own limits or the service's. */
export class TenantQuotas {
  constructor(
    private readonly defaults: DefaultQuotas,
    private readonly rates: SampleRates,
    private readonly series: ActiveSeries,
  ) {}

  /** Throws RequestRefused `rate_limited` where the tenant may send nothing at the moment: before any work is done for it. */
  enter(tenant: LimitedTenant): void {
    const rate = this.rateOf(tenant);
    if (rate !== null) refuseFor(this.rates.waitMs(tenant.id, rate), tenant);
  }

  /** Positions of the keys whose series is one too many, ascending; null: none is. */
  overSeriesLimit(tenant: LimitedTenant, keys: PackedBytes): Refused | Promise<Refused> {
    const maxActive = tenant.record.limits.max_active_series ?? this.defaults.maxActiveSeries;
    return maxActive === null ? null : this.series.refused(tenant.id, maxActive, keys);
  }

  /** Resolves once they are taken, with what gives back as many as it is told. Rejects with RequestRefused `rate_limited`. */
  async takeSamples(tenant: LimitedTenant, count: number): Promise<(unused: number) => void> {
    const rate = this.rateOf(tenant);
    if (rate === null) return () => undefined;
    const waitMs = this.rates.take(tenant.id, rate, count);
    refuseFor(typeof waitMs === 'number' ? waitMs : await waitMs, tenant);
    return (unused) => this.rates.giveBack(tenant.id, rate, unused);
  }

  /** How much of its limits each tenant uses in this instance, 1 at the limit. */
  usage(): readonly LimitUsage[] {
    const rates = this.rates.usage();
    const counts = this.series.counts().filter(({ maxActive }) => maxActive > 0);
    return [
      ...rates.map(([tenantId, ratio]) => ({ tenantId, limit: SAMPLES, ratio }) as const),
      ...counts.map(
        ({ tenantId, series, maxActive }) => ({ tenantId, limit: SERIES, ratio: series / maxActive }) as const,
      ),
    ];
  }

  /** Null where nothing limits it. Throws RequestRefused `rate_limited` where it may send nothing at all. */
  private rateOf({ id, record: { limits } }: LimitedTenant): Rate | null {
    const perSecond = limits.samples_per_second ?? this.defaults.samplesPerSecond;
    if (perSecond === null) return null;
    if (perSecond <= 0)
      throw new RequestRefused('rate_limited', undefined, { tenantId: id, retryAfterSeconds: LONGEST_WAIT_SECONDS });
    return { perSecond, burst: Math.max(limits.burst ?? this.defaults.burst ?? perSecond * BURST_SECONDS, 1) };
  }
}

const LONGEST_WAIT_SECONDS = 3_600;

function refuseFor(waitMs: number, tenant: LimitedTenant): void {
  if (waitMs <= 0) return;
  const retryAfterSeconds = Math.min(Math.ceil(waitMs / 1_000), LONGEST_WAIT_SECONDS);
  throw new RequestRefused('rate_limited', undefined, { tenantId: tenant.id, retryAfterSeconds });
}
