import { type ConsumedRecord, headerText, REPLAY_COUNT_HEADER, REPLAY_ID_HEADER } from '@weir/kafka';
import { recordedTraceOf } from '@weir/nest-kafka';
import { activeTrace, type SpanAttributes, type TraceContext, type Traces } from '@weir/telemetry';

import type { Refusal, StorableSample } from '../metrics/outcome.js';
import type { Settled } from '../metrics/settlement.js';
import type { ReplayedOutcomes } from './replayed-outcomes.js';

/** Of one batch. Whoever sends more traces than this in one sees some of them end here. */
const MAX_SPANS = 128;

interface Told {
  readonly name: 'store samples' | 'dead-letter sample';
  /** What sent the record. */
  readonly parent: TraceContext;
  readonly attributes: SpanAttributes;
  /** The code of what is wrong with it. */
  readonly failure?: string;
}

/**
 * Goes on with the traces of what was settled, so that whoever follows one reads there what became of it: `store samples` for what one request
 * sent, `dead-letter sample` with the reason, and of a record that was replayed by which replay and with which outcome. Each is linked to the batch.
 *
 * To be called within the batch's span, once all of it is committed. A record whose trace is not recorded costs one look at its headers.
 */
export class RecordSpans {
  constructor(
    private readonly traces: Traces,
    private readonly replayed: Pick<ReplayedOutcomes, 'of'>,
  ) {}

  /** `startMs`: when the batch was begun with, epoch milliseconds. */
  settled({ stored, deadLettered }: Pick<Settled, 'stored' | 'deadLettered'>, startMs: number): void {
    const batch = activeTrace();
    const links = batch === null ? [] : [batch];
    let left = MAX_SPANS;
    for (const { name, parent, attributes, failure } of this.told(stored, deadLettered)) {
      if (left === 0) return;
      left -= 1;
      const span = this.traces.start(name, { parent, attributes, links, startMs });
      if (failure !== undefined) span.fail(failure);
      span.end();
    }
  }

  /** What nobody expects comes first. */
  private *told(stored: readonly StorableSample[], deadLettered: readonly Refusal[]): Generator<Told> {
    for (const { record, reason, error } of deadLettered) {
      const parent = recordedTraceOf(record);
      if (parent === null) continue;
      const attributes = { ...this.attributesOf(record), 'weir.dead_letter.reason': reason };
      yield { name: 'dead-letter sample', parent, attributes, failure: error.code };
    }
    const requests = new Map<string, { readonly parent: TraceContext; count: number }>();
    for (const { record, sample } of stored) {
      const parent = recordedTraceOf(record);
      if (parent === null) continue;
      if (sample.replayed) yield { name: 'store samples', parent, attributes: this.attributesOf(record) };
      else {
        const request = requests.get(parent.spanId) ?? { parent, count: 0 };
        request.count += 1;
        requests.set(parent.spanId, request);
      }
    }
    for (const { parent, count } of requests.values())
      yield { name: 'store samples', parent, attributes: { 'weir.samples': count } };
  }

  private attributesOf(record: ConsumedRecord): SpanAttributes {
    const outcome = this.replayed.of(record);
    const replayId = headerText(record.headers, REPLAY_ID_HEADER);
    return {
      'weir.samples': 1,
      'messaging.destination.name': record.topic,
      'messaging.destination.partition.id': String(record.partition),
      'messaging.kafka.offset': record.offset,
      ...(replayId !== null && {
        'weir.replay.id': replayId,
        'weir.replay.count': headerText(record.headers, REPLAY_COUNT_HEADER) ?? '',
      }),
      ...(outcome !== undefined && { 'weir.replay.outcome': outcome }),
    };
  }
}
