/** One record, for the question how many of them are refused. */
export interface Judged {
  readonly tenantId: string | null;
  readonly refused: boolean;
}

export interface ShareRule {
  /** How far back it looks. */
  readonly windowMs: number;
  /** Fewer records than this prove nothing. */
  readonly minRecords: number;
  /** So many tenants at least have to be hit. */
  readonly minTenants: number;
  /** The share of refused records, over tenants, from which it is high. */
  readonly share: number;
}

interface Counts {
  records: number;
  refused: number;
}

interface Settled {
  readonly at: number;
  readonly tenants: ReadonlyMap<string, Counts>;
}

const SLICES = 10;
/** Whoever sends what nobody can attribute counts as one tenant. */
const NOBODY = '';

/**
 * Tells the fault of ours from that of a tenant: a bad deploy or schema of Weir's spoils the records of all tenants, a tenant's own
 * exporter only that tenant's.
 *
 * So each tenant's share of refused records weighs the same, however much it sends: one that floods with rubbish moves the mean by
 * itself alone, and never stops the others.
 */
export class DeadLetterShare {
  private slices: Settled[] = [];

  constructor(
    private readonly rule: ShareRule,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** What is wrong, in words, with these records on top of those that were settled of late; null where nothing is. */
  verdict(judged: readonly Judged[]): string | null {
    const tenants = this.merge([...this.recent().map((slice) => slice.tenants), count(judged)]);
    const counts = [...tenants.values()];
    const records = counts.reduce((sum, each) => sum + each.records, 0);
    if (records < this.rule.minRecords) return null;
    const shares = counts.map(({ refused, records: all }) => refused / all);
    const hit = shares.filter((share) => share >= this.rule.share).length;
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    if (hit < this.rule.minTenants || mean < this.rule.share) return null;
    const percent = Math.round(mean * 100);
    return `of the last ${records} records ${percent}% cannot be stored, over ${shares.length} tenants of which ${hit} are hit`;
  }

  /** These were settled, and count from now on. */
  settled(judged: readonly Judged[]): void {
    const at = this.now();
    const newest = this.slices.at(-1);
    const tenants = count(judged);
    if (newest !== undefined && at - newest.at < this.rule.windowMs / SLICES)
      this.slices[this.slices.length - 1] = { at: newest.at, tenants: this.merge([newest.tenants, tenants]) };
    else this.slices = [...this.recent(), { at, tenants }];
  }

  forget(): void {
    this.slices = [];
  }

  private recent(): Settled[] {
    const oldest = this.now() - this.rule.windowMs;
    return this.slices.filter(({ at }) => at >= oldest);
  }

  private merge(all: readonly ReadonlyMap<string, Counts>[]): Map<string, Counts> {
    const merged = new Map<string, Counts>();
    for (const tenants of all)
      for (const [tenant, { records, refused }] of tenants) {
        const sum = merged.get(tenant) ?? { records: 0, refused: 0 };
        merged.set(tenant, { records: sum.records + records, refused: sum.refused + refused });
      }
    return merged;
  }
}

function count(judged: readonly Judged[]): Map<string, Counts> {
  const tenants = new Map<string, Counts>();
  for (const { tenantId, refused } of judged) {
    let counts = tenants.get(tenantId ?? NOBODY);
    if (counts === undefined) tenants.set(tenantId ?? NOBODY, (counts = { records: 0, refused: 0 }));
    counts.records += 1;
    if (refused) counts.refused += 1;
  }
  return tenants;
}
