/** Which span of which trace, and whether that trace is recorded: what the header `traceparent` says. */
export interface TraceContext {
  /** 32 digits of lower-case hexadecimal. */
  readonly traceId: string;
  /** 16 digits. */
  readonly spanId: string;
  readonly sampled: boolean;
  /** It came from another process. */
  readonly remote: boolean;
}

// https://www.w3.org/TR/trace-context/#traceparent-header; a later version may have more parts after the four.
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/;
const MAX_LENGTH = 128;
/** Version 00 has exactly four parts. */
const LENGTH_OF_00 = 55;
const SAMPLED = 1;

/** Null for what is no valid `traceparent`: a broken one means no trace. */
export function parseTraceparent(text: string): TraceContext | null {
  if (text.length > MAX_LENGTH) return null;
  const [, version, traceId, spanId, flags] = TRACEPARENT.exec(text) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return null;
  if (version === '00' && text.length !== LENGTH_OF_00) return null;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED, remote: true };
}

export function traceparentOf({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}
