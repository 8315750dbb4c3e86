import type { ConsumedRecord } from '@weir/kafka';

import type { DecodeStep } from './decode.step.js';
import type { Outcome } from './outcome.js';
import type { ValidateStep } from './validate.step.js';

/**
 * Says of each record what is to become of it: what its bytes are, held against what the store can hold.
 *
 * As far as nobody has to be asked this is found out as soon as a record is fetched, while the batch before its own waits for the database:
 * docs/adr/0019.
 */
export class OutcomeStep {
  /** What nobody comes for goes with its record. */
  private readonly ahead = new WeakMap<ConsumedRecord, Outcome>();

  constructor(
    private readonly decode: Pick<DecodeStep, 'apply' | 'applyNow'>,
    private readonly validate: ValidateStep,
  ) {}

  /** Begins with records whose batch is to come. */
  begin(records: readonly ConsumedRecord[]): void {
    for (const record of records) {
      const decoded = this.decode.applyNow(record);
      if (decoded !== null) this.ahead.set(record, this.validate.outcomeOf(decoded));
    }
  }

  /** The outcomes in the records' order, alike for every attempt. Rejects only where the schema registry is needed and away. */
  async apply(records: readonly ConsumedRecord[]): Promise<Outcome[]> {
    const begun = records.map((record) => this.take(record));
    const rest = records.filter((_, at) => begun[at] === undefined);
    if (rest.length === 0) return begun.filter((outcome) => outcome !== undefined);
    const found = this.validate.apply(await this.decode.apply(rest)).values();
    return begun.flatMap((outcome) => outcome ?? found.next().value ?? []);
  }

  /** Whoever comes again has it found anew: left in the map, it would outlive its record until a major collection of garbage. */
  private take(record: ConsumedRecord): Outcome | undefined {
    const outcome = this.ahead.get(record);
    this.ahead.delete(record);
    return outcome;
  }
}
