import type { Refusal } from './outcome.js';

/** Records of one batch that were given up for one tenant and one reason. */
export interface RefusalGroup {
  readonly first: Refusal;
  readonly count: number;
}

/** In the order in which each group began. */
export function groupRefusals(refusals: readonly Refusal[]): readonly RefusalGroup[] {
  const groups = new Map<string, { readonly first: Refusal; count: number }>();
  for (const refusal of refusals) {
    const key = `${refusal.reason} ${refusal.tenantId}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { first: refusal, count: 1 });
    else group.count += 1;
  }
  return [...groups.values()];
}
