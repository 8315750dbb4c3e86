import { ValidationError } from '@weir/errors';

import type { Parameters } from './parameters.js';

/** Reads `limit`: refused and never clamped where it is out of bounds, so that a caller never takes a part for all. */
export function limitOf(parameters: Parameters, { most, usual }: { most: number; usual: number }): number {
  const text = parameters.optional('limit');
  if (text === undefined) return usual;
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= most) return limit;
  throw new ValidationError('limit_out_of_range', `\`limit\` must be a whole number from 1 to ${most}.`);
}
