/** One metric as data. `labels` are bounded: a tenant's id goes through `CappedLabel` first. */
export interface MetricDefinition {
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** What it counts or measures in; the name ends in it, before `_total`. Null for a gauge that is 0 or 1, and where the source document's name has none. */
  readonly unit: string | null;
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram, in `unit`. */
  readonly buckets?: readonly number[];
  /** Label sets that are there from the start with 0, so that a first increase is seen as one. */
  readonly startsWith?: readonly Readonly<Record<string, string>>[];
}

interface Details<Labels extends readonly string[]> {
  readonly help: string;
  readonly labels?: Labels;
  readonly unit?: string | null;
  readonly startsWith?: readonly Readonly<Record<Labels[number], string>>[];
}

/** A count that only grows; its name ends in `_total`. */
export function counter<const Labels extends readonly string[] = readonly []>(details: Details<Labels>) {
  return { type: 'counter', unit: null, ...details, labels: labelsOf(details) } as const;
}

/** A value that goes up and down. */
export function gauge<const Labels extends readonly string[] = readonly []>(details: Details<Labels>) {
  return { type: 'gauge', unit: null, ...details, labels: labelsOf(details) } as const;
}

/** A distribution over `buckets`. */
export function histogram<const Labels extends readonly string[] = readonly []>(
  details: Details<Labels> & { readonly unit: string; readonly buckets: readonly number[] },
) {
  return { type: 'histogram', ...details, labels: labelsOf(details) } as const;
}

function labelsOf<Labels extends readonly string[]>({ labels }: Details<Labels>): Labels {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- without labels, `Labels` is its default, the empty list
  return labels ?? ([] as unknown as Labels);
}
