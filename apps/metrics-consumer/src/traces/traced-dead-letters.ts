import type { DeadLetter, DeadLetterPublisher } from '@weir/kafka';
import type { Traces } from '@weir/telemetry';

/** A span from handing dead letters over to their acknowledgement. */
export class TracedDeadLetters implements Pick<DeadLetterPublisher, 'publish'> {
  constructor(
    private readonly traces: Traces,
    private readonly publisher: Pick<DeadLetterPublisher, 'publish'>,
    /** `metrics.dlq`, as this installation calls it. */
    private readonly topic: string,
  ) {}

  publish(letters: readonly DeadLetter[]): Promise<void> {
    const attributes = {
      'messaging.system': 'kafka',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': this.topic,
      'messaging.batch.message_count': letters.length,
    };
    return this.traces.around(`send ${this.topic}`, { kind: 'producer', attributes }, () =>
      this.publisher.publish(letters),
    );
  }
}
