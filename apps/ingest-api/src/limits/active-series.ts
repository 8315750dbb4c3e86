import type { PackedBytes } from '@weir/kafka';

import { hashSeries, type SeriesHash, hashText } from './series-hash.js';
import { SeriesTable } from './series-table.js';
import type { SharedLimits } from './shared-limits.js';

/** With a shared count a series is told to it again after this part of the window, so that it does not fall out there. */
const TELL_AGAIN_AFTER = 0.25;
/** A table is gone through for what is no longer active at most so often, however many series knock. */
const DROP_INTERVAL_SECONDS = 10;

export interface ActiveSeriesOptions {
  /** How long a series is active after a sample of it, in milliseconds. */
  readonly windowMs: number;
  /** Null: this instance counts alone. */
  readonly shared: SharedLimits | null;
  /** Milliseconds of any clock that begins above 0. */
  readonly clock?: () => number;
}

interface TenantSeries {
  readonly table: SeriesTable;
  droppedAt: number;
  /** As it was when the tenant sent last. */
  maxActive: number;
}

/** What a tenant has active in this instance, and how much it may have. */
export interface TenantSeriesCount {
  readonly tenantId: string;
  readonly series: number;
  readonly maxActive: number;
}

/**
 * Which series of each tenant are active, against its limit: a series more costs memory and disk in every part of a metrics system for as
 * long as it is kept, so that its number is limited at the door. One that is active is never refused.
 *
 * Shared, an instance asks only about series that it does not know, or has not told of for a while. While the shared count is away it
 * goes by its own: then each instance lets the limit through.
 */
export class ActiveSeries {
  private readonly tenants = new Map<string, TenantSeries>();
  private readonly windowSeconds: number;
  private readonly clock: () => number;

  constructor(private readonly options: ActiveSeriesOptions) {
    this.windowSeconds = Math.ceil(options.windowMs / 1_000);
    this.clock = options.clock ?? Date.now;
  }

  /** Tenants with what they have active here; up to a quarter of the window late in forgetting. */
  counts(): readonly TenantSeriesCount[] {
    const now = this.nowSeconds();
    return [...this.tenants].map(([tenantId, series]) => {
      if (now - series.droppedAt > this.windowSeconds / 4) this.drop(series, now);
      return { tenantId, series: series.table.size, maxActive: series.maxActive };
    });
  }

  /** Positions of the keys whose samples may not come, ascending; null: all may. A promise only where somebody else has to be asked. Never rejects. */
  refused(tenantId: string, maxActive: number, keys: PackedBytes): Refused | Promise<Refused> {
    const series = this.seriesOf(tenantId);
    series.maxActive = maxActive;
    const unknown = this.unknownOf(series.table, keys);
    if (unknown === null) return null;
    const { shared } = this.options;
    return shared === null
      ? this.admit(series, unknown, this.judgeAlone(series, maxActive))
      : this.askShared(shared, series, { tenantId, maxActive, unknown });
  }

  /** By hash, the positions of keys whose series is not known well enough. */
  private unknownOf(table: SeriesTable, { bytes, ends }: PackedBytes): Unknown | null {
    const now = this.nowSeconds();
    const isKnownFor = this.options.shared === null ? this.windowSeconds : this.windowSeconds * TELL_AGAIN_AFTER;
    const hash: SeriesHash = { high: 0, low: 0 };
    let unknown: Map<string, UnknownSeries> | null = null;
    for (let at = 0; at < ends.length; at += 1) {
      hashSeries(bytes, at === 0 ? 0 : ends[at - 1]!, ends[at]!, hash);
      const seen = table.lastSeen(hash);
      if (seen > 0 && now - seen < isKnownFor) {
        // A shared count is told of it in time, so it has to stay as old as what was told.
        if (this.options.shared === null && seen !== now) table.see(hash, now);
        continue;
      }
      unknown ??= new Map();
      const text = hashText(hash);
      const entry = unknown.get(text);
      if (entry === undefined) unknown.set(text, { hash: { ...hash }, positions: [at] });
      else entry.positions.push(at);
    }
    return unknown;
  }

  private async askShared(
    shared: SharedLimits,
    series: TenantSeries,
    {
      tenantId,
      maxActive,
      unknown,
    }: { readonly tenantId: string; readonly maxActive: number; readonly unknown: Unknown },
  ): Promise<Refused> {
    const limit = { maxActive, windowMs: this.options.windowMs };
    try {
      const answers = await shared.admitSeries(tenantId, limit, [...unknown.keys()]);
      let next = 0;
      return this.admit(series, unknown, () => answers[next++] === true);
    } catch {
      return this.admit(series, unknown, this.judgeAlone(series, maxActive)); // whoever shares it tells that it is away
    }
  }

  private judgeAlone(series: TenantSeries, maxActive: number): (hash: SeriesHash) => boolean {
    const { table } = series;
    const now = this.nowSeconds();
    return (hash) => {
      const seen = table.lastSeen(hash);
      if (seen > 0 && now - seen < this.windowSeconds) return true;
      if (table.size >= maxActive) this.drop(series, now);
      return table.size < maxActive;
    };
  }

  private admit({ table }: TenantSeries, unknown: Unknown, judge: (hash: SeriesHash) => boolean): Refused {
    const now = this.nowSeconds();
    const refused: number[] = [];
    for (const { hash, positions } of unknown.values())
      if (judge(hash)) table.see(hash, now);
      else refused.push(...positions);
    return refused.length === 0 ? null : refused.toSorted((a, b) => a - b);
  }

  private drop(series: TenantSeries, now: number): void {
    if (now - series.droppedAt < DROP_INTERVAL_SECONDS) return;
    series.droppedAt = now;
    series.table.dropBefore(now - this.windowSeconds + 1);
  }

  private seriesOf(tenantId: string): TenantSeries {
    const known = this.tenants.get(tenantId);
    if (known !== undefined) return known;
    const series = { table: new SeriesTable(), droppedAt: 0, maxActive: 0 };
    this.tenants.set(tenantId, series);
    return series;
  }

  private nowSeconds(): number {
    return Math.floor(this.clock() / 1_000);
  }
}

/** Positions, ascending; null: none. */
export type Refused = readonly number[] | null;

interface UnknownSeries {
  readonly hash: SeriesHash;
  readonly positions: number[];
}

type Unknown = ReadonlyMap<string, UnknownSeries>;
