import type { ConsumedRecord } from '@weir/kafka';
import type { Span, Traces } from '@weir/telemetry';

import type { DecodeStep } from '../metrics/decode.step.js';

type Decoded = Awaited<ReturnType<DecodeStep['apply']>>;

/** A span from the first byte to the last record of the batch, which is decoded when it is taken. */
export class TracedDecode implements Pick<DecodeStep, 'apply'> {
  constructor(
    private readonly traces: Traces,
    private readonly step: Pick<DecodeStep, 'apply'>,
  ) {}

  async apply(records: readonly ConsumedRecord[]): Promise<Decoded> {
    const span = this.traces.start('decode', { attributes: { 'messaging.batch.message_count': records.length } });
    try {
      return endedWith(span, await this.traces.within(span, () => this.step.apply(records)));
    } catch (thrown) {
      span.fail(thrown);
      span.end();
      throw thrown;
    }
  }
}

function* endedWith(span: Span, items: Decoded): Generator<Decoded extends Iterable<infer Item> ? Item : never> {
  try {
    yield* items;
  } catch (thrown) {
    span.fail(thrown);
    throw thrown;
  } finally {
    span.end();
  }
}
