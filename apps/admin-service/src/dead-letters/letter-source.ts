import { KafkaConsumerError } from '@weir/errors';
import {
  type ConsumedRecord,
  type KafkaAdmin,
  type LogReader,
  parseEnvelope,
  isUnreadable,
  originalBytes,
  type DeadLetterEnvelope,
} from '@weir/kafka';

import { AdminRefusal } from '../http/problems.js';
import { sha256 } from './letter-row.js';
import type { DeadLetterRow } from './views.js';

/** Reads come one after the other: nobody waits longer than that for those before. */
const WITHIN_MS = 20_000;

type Original = Pick<ConsumedRecord, 'key' | 'value' | 'headers'>;

/** A dead letter with its bytes. */
export interface WholeLetter {
  readonly record: ConsumedRecord;
  /** Null for a record of the DLQ that is no envelope. */
  readonly envelope: DeadLetterEnvelope | null;
  /** The failed record's own; null where the dead letter does not hold all of them. */
  readonly original: Original | null;
}

/** Fetches dead letters from `metrics.dlq` itself: the index keeps none of their bytes. */
export class LetterSource {
  constructor(
    private readonly log: Pick<LogReader, 'read'>,
    private readonly admin: Pick<KafkaAdmin, 'watermarks'>,
    /** `metrics.dlq`, under its name on the brokers. */
    private readonly topic: string,
    private readonly withinMs = WITHIN_MS,
  ) {}

  /** Throws AdminRefusal `letter_expired`, or a KafkaError where the brokers are away. */
  async fetch({
    dlq_partition: partition,
    dlq_offset: offsetText,
    value_sha256: indexed,
  }: DeadLetterRow): Promise<WholeLetter> {
    const offset = Number(offsetText);
    const marks = await this.admin.watermarks([this.topic]);
    const mark = marks.find((each) => each.partition === partition);
    if (mark === undefined || offset < mark.low || offset >= mark.high) throw new AdminRefusal('letter_expired');
    const found: ConsumedRecord[] = [];
    const range = { topic: this.topic, partition, from: offset, to: offset + 1 };
    const signal = AbortSignal.timeout(this.withinMs);
    await this.log
      .read(range, (records) => void found.push(...records), signal)
      .catch((error: unknown) => {
        if (!signal.aborted) throw error;
        const what = `${this.topic}[${partition}] was not read within ${this.withinMs} ms`;
        throw new KafkaConsumerError(what, { code: 'kafka_unavailable' });
      });
    const record = found.find((each) => each.offset === offset);
    // Another record at its place: the topic was made anew, and the index has not noticed yet.
    if (record === undefined || !sha256(record.value).equals(indexed)) throw new AdminRefusal('letter_expired');
    const envelope = parseEnvelope(record.value);
    if (isUnreadable(envelope)) return { record, envelope: null, original: null };
    return { record, envelope, original: originalBytes(envelope) };
  }
}
