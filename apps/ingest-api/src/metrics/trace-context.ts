import { parseTraceparent } from '@weir/telemetry';

/** The header `traceparent` as it came where it is a valid one; null otherwise, since a broken one means no trace. */
export function validTraceparent(header: string | string[] | undefined): string | null {
  return typeof header === 'string' && parseTraceparent(header) !== null ? header : null;
}
