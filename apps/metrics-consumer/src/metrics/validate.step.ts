import { UNTHROWN, ValidationError } from '@weir/errors';
import { sampleFaultOf } from '@weir/tenancy';

import { originOf } from './origin.js';
import type { DecodedEvent, Outcome, Refusal } from './outcome.js';

/**
 * Holds each event against what the store can hold, and makes a sample of it.
 *
 * Pure, and the same for every attempt. Neither the tenants view nor a window around now is asked: both were asked at
 * the door, and a record that waited here for a week is as good as on its first day.
 */
export class ValidateStep {
  apply(decoded: Iterable<DecodedEvent | Refusal>): Outcome[] {
    return Array.from(decoded, (item) => this.outcomeOf(item));
  }

  outcomeOf(item: DecodedEvent | Refusal): Outcome {
    return item.kind === 'event' ? toOutcome(item) : item;
  }
}

function toOutcome({ record, event, tenantId }: DecodedEvent): Outcome {
  const fault = sampleFaultOf(event);
  if (fault !== undefined) {
    const [reason, message] = fault;
    return {
      kind: 'dead-letter',
      record,
      class: 'invalid',
      reason,
      error: new ValidationError(reason, message, UNTHROWN),
      tenantId,
    };
  }
  const { version, replayed } = originOf(record);
  const { topic, partition, offset } = record;
  return {
    kind: 'sample',
    topic,
    partition,
    offset,
    record,
    ingestedAt: event.ingested_at,
    sample: {
      tenantId,
      name: event.name,
      environment: event.environment,
      labels: event.labels,
      timestampMs: event.timestamp,
      value: event.value,
      version,
      replayed,
    },
  };
}
