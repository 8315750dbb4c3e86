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

/** Whoever sends what nobody can attribute counts as one tenant. */
const NOBODY = '';
/** Tenants that are told apart. Records that cannot be read may name any number of them. */
const MAX_TENANTS = 10_000;

/** How many records of each tenant were judged, and how many of them are refused. */
export class TenantTally {
  readonly tenants = new Map<string, Counts>();
  private last: { readonly tenantId: string; readonly counts: Counts } | null = null;

  /** Once for each record; records of one tenant often come together. */
  add(tenant: string | null, refused: boolean): void {
    const tenantId = tenant ?? NOBODY;
    if (this.last?.tenantId !== tenantId) this.last = { tenantId, counts: this.countsOf(tenantId) };
    this.last.counts.records += 1;
    if (refused) this.last.counts.refused += 1;
  }

  addAll(other: TenantTally): void {
    for (const [tenantId, { records, refused }] of other.tenants) {
      const sum = this.countsOf(tenantId);
      sum.records += records;
      sum.refused += refused;
    }
  }

  private countsOf(tenantId: string): Counts {
    const known = this.tenants.get(tenantId);
    if (known !== undefined) return known;
    if (this.tenants.size >= MAX_TENANTS && tenantId !== NOBODY) return this.countsOf(NOBODY);
    const counts = { records: 0, refused: 0 };
    this.tenants.set(tenantId, counts);
    return counts;
  }
}

interface Slice {
  readonly at: number;
  readonly tally: TenantTally;
}

const SLICES = 10;
/**
 * Tells the fault of ours from that of a tenant: a bad deploy or schema of Weir's spoils the records of all tenants, a tenant's own
 * exporter only that tenant's.
 *
 * So each tenant's share of refused records weighs the same, however much it sends: one that floods with rubbish moves the mean by
 * itself alone, and never stops the others.
 */
export class DeadLetterShare {
  private slices: Slice[] = [];

  constructor(
    private readonly rule: ShareRule,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** What is wrong, in words, with these records on top of those that were settled of late; null where nothing is. */
  verdict(judged: TenantTally): string | null {
    return this.wrongWith(judged, this.recent(), this.rule.minRecords);
  }

  /**
   * The same for records that are tried again, of which it was high at that time: what was seen then does not grow old while nothing is
   * taken, and a few of them are enough to see that nothing has changed.
   */
  verdictAgain(judged: TenantTally, since: number): string | null {
    return this.wrongWith(judged, this.recent(since), 1);
  }

  private wrongWith(judged: TenantTally, before: readonly Slice[], minRecords: number): string | null {
    const all = new TenantTally();
    for (const { tally } of before) all.addAll(tally);
    all.addAll(judged);
    const counts = [...all.tenants.values()];
    const records = counts.reduce((sum, each) => sum + each.records, 0);
    if (records < minRecords) return null;
    const shares = counts.map((each) => each.refused / each.records);
    const hit = shares.filter((share) => share >= this.rule.share).length;
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    if (hit < this.rule.minTenants || mean < this.rule.share) return null;
    const percent = Math.round(mean * 100);
    return `of the last ${records} records ${percent}% cannot be stored, over ${shares.length} tenants of which ${hit} are hit`;
  }

  /** These were settled, and count from now on. */
  settled(judged: TenantTally): void {
    const at = this.now();
    let newest = this.slices.at(-1);
    if (newest === undefined || at - newest.at >= this.rule.windowMs / SLICES) {
      newest = { at, tally: new TenantTally() };
      this.slices = [...this.recent(), newest];
    }
    newest.tally.addAll(judged);
  }

  forget(): void {
    this.slices = [];
  }

  private recent(until = this.now()): Slice[] {
    const oldest = until - this.rule.windowMs;
    return this.slices.filter(({ at }) => at >= oldest);
  }
}
