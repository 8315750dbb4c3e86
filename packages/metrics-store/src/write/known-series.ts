import { type SeriesIdentity, seriesId } from '../series-id.js';

/** A series as the writer holds it. */
export interface Series {
  readonly identity: SeriesIdentity;
  readonly id: Buffer;
  /** `id` in hex: sorts as PostgreSQL sorts uuids. */
  readonly hex: string;
  /** In which age of the cache its row was seen committed; -1 is never. */
  knownIn: number;
}

/**
 * Ids of series, and which of them are known to have a committed row.
 *
 * Bounded: two generations of `capacity / 2` identities each; a generation that is full replaces the older one, so what is in
 * use stays and what is not goes. Forgetting costs one `ON CONFLICT DO NOTHING`. Remembering a row that was never
 * committed would cost the series itself: hence `confirm` after COMMIT alone (guarantees, rule 14), and `forget` whenever
 * the database may have lost a commit.
 */
export class KnownSeries {
  private young = new Map<string, Series>();
  private old = new Map<string, Series>();
  private age = 0;

  constructor(private readonly capacity: number) {}

  of(identity: SeriesIdentity): Series {
    const key = keyOf(identity);
    const young = this.young.get(key);
    if (young !== undefined) return young;
    const series = this.old.get(key) ?? create(identity);
    if (this.young.size >= this.capacity / 2) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(key, series);
    return series;
  }

  isKnown(series: Series): boolean {
    return series.knownIn === this.age;
  }

  /** Call after COMMIT alone, with the age that `currentAge` had when the transaction began. */
  confirm(series: Iterable<Series>, age: number): void {
    for (const one of series) one.knownIn = age;
  }

  get currentAge(): number {
    return this.age;
  }

  forget(): void {
    this.age += 1;
  }
}

function create(identity: SeriesIdentity): Series {
  const { tenantId, name, environment, labels } = identity;
  const id = seriesId(identity);
  return { identity: { tenantId, name, environment, labels }, id, hex: id.toString('hex'), knownIn: -1 };
}

/** Tells identities apart within this process, fast; two orders of the same labels may have two entries with one id. */
function keyOf({ tenantId, name, environment, labels }: SeriesIdentity): string {
  let key = `${tenantId.length}:${tenantId}${name.length}:${name}`;
  key += environment === null ? '-' : `${environment.length}:${environment}`;
  for (const [label, value] of Object.entries(labels)) {
    key += `${label.length}:${label}${value.length}:${value}`;
  }
  return key;
}
