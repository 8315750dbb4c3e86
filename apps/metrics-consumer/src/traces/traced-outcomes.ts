import type { ConsumedRecord } from '@weir/kafka';
import type { Traces } from '@weir/telemetry';

import type { Outcome } from '../metrics/outcome.js';
import type { OutcomeStep } from '../metrics/outcome.step.js';

/** A span around what a batch still has to decode when it comes. */
export class TracedOutcomes implements Pick<OutcomeStep, 'begin' | 'apply'> {
  constructor(
    private readonly traces: Traces,
    private readonly step: Pick<OutcomeStep, 'begin' | 'apply'>,
  ) {}

  begin(records: readonly ConsumedRecord[]): void {
    this.step.begin(records);
  }

  apply(records: readonly ConsumedRecord[]): Promise<Outcome[]> {
    const attributes = { 'messaging.batch.message_count': records.length };
    return this.traces.around('decode', { attributes }, () => this.step.apply(records));
  }
}
