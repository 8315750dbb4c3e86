import type { IncomingHttpHeaders } from 'node:http';

import { type Span, traceparentOf, type Traces } from '@weir/telemetry';

import { validTraceparent } from './trace-context.js';

/** What the records of one request are, for the span. */
export interface SentRecords {
  readonly topic: string;
  readonly tenantId: string;
  readonly records: number;
}

type Sent = { readonly accepted: number; readonly acknowledged: Promise<void> };

/**
 * Sends the records of one request within a span that lasts until they are acknowledged.
 *
 * `send` is given the records' `traceparent`: that of the span where it is recorded, else the caller's as it came, as it is wherever
 * traces are off. `records` may become fewer: the span ends with what was sent.
 */
export function withSendSpan<S extends Sent>(
  traces: Traces | null,
  headers: IncomingHttpHeaders,
  records: SentRecords,
  send: (traceparent: string | null) => Promise<S>,
): Promise<S> {
  const given = validTraceparent(headers['traceparent']);
  const span = traces === null ? null : start(traces, records);
  return traces === null || span?.recorded !== true
    ? send(given)
    : sendWithin(
        span,
        traces.within(span, () => send(traceparentOf(span.context))),
      );
}

function start(traces: Traces, { topic, tenantId, records }: SentRecords): Span {
  return traces.start(`send ${topic}`, {
    kind: 'producer',
    attributes: {
      'messaging.system': 'kafka',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': topic,
      'messaging.batch.message_count': records,
      'weir.tenant_id': tenantId,
    },
  });
}

async function sendWithin<S extends Sent>(span: Span, sending: Promise<S>): Promise<S> {
  try {
    const sent = await sending;
    span.set({ 'messaging.batch.message_count': sent.accepted });
    return { ...sent, acknowledged: endedWith(span, sent.acknowledged) };
  } catch (refusal) {
    span.fail(refusal);
    span.end();
    throw refusal;
  }
}

/** In a scope of its own: what waits for the acknowledgement holds on to the span alone. */
async function endedWith(span: Span, acknowledged: Promise<void>): Promise<void> {
  try {
    await acknowledged;
  } catch (refusal) {
    span.fail(refusal);
    throw refusal;
  } finally {
    span.end();
  }
}
