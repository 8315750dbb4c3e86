import type { RecordOutcome } from '@weir/avro';
import { type ConsumedRecord, partitionKey } from '@weir/kafka';

import type { OutcomesByReplay, ReplayOutcomes } from '../replays/replay-outcomes.js';

type Replays = Pick<ReplayOutcomes, 'tell' | 'committed'>;
type Position = Pick<ConsumedRecord, 'topic' | 'partition' | 'offset'>;

/** Remembers what became of the replayed records of the batch that was committed last. */
export class ReplayedOutcomes implements Replays {
  private readonly outcomes = new Map<string, RecordOutcome['outcome']>();

  constructor(private readonly replays: Replays) {}

  tell(...given: Parameters<Replays['tell']>): ReturnType<Replays['tell']> {
    return this.replays.tell(...given);
  }

  committed(byReplay: OutcomesByReplay): void {
    this.replays.committed(byReplay);
    this.outcomes.clear();
    for (const outcomes of byReplay.values())
      for (const outcome of outcomes) this.outcomes.set(keyOf(outcome), outcome.outcome);
  }

  /** Undefined for a record of no replay, or of none that anybody waits to hear of. */
  of(record: Position): RecordOutcome['outcome'] | undefined {
    return this.outcomes.get(keyOf(record));
  }
}

const keyOf = (at: Position): string => `${partitionKey(at)}/${at.offset}`;
