import { DEFAULT_LIMITS, type TenantLimits } from '@weir/avro';
import { LIMIT_BOUNDS } from '@weir/tenancy';

import type { Body } from '../http/body.js';

type LimitName = keyof TenantLimits;

/** A tenant's limits as the API has them, by names as `maxLabels`; null is the service's own default. */
export type LimitsView = Readonly<Record<string, number | null>>;

/** By its name in the API (`maxLabels`), the name that records have (`max_labels`). */
export const LIMITS: ReadonlyMap<string, LimitName> = new Map(
  Object.keys(DEFAULT_LIMITS)
    .filter((name): name is LimitName => name in DEFAULT_LIMITS)
    .map((name) => [name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()), name]),
);

/** The limits that the body names, over `known`. Throws ValidationError. */
export function limitsOf(body: Body, known: TenantLimits): TenantLimits {
  const given = [...LIMITS]
    .filter(([shown]) => body.has(shown))
    .map(([shown, name]) => [name, body.optionalNumber(shown, LIMIT_BOUNDS[name])] as const);
  body.finish();
  return { ...known, ...Object.fromEntries(given) };
}

export function limitsView(limits: TenantLimits): LimitsView {
  return Object.fromEntries([...LIMITS].map(([shown, name]) => [shown, limits[name]]));
}
