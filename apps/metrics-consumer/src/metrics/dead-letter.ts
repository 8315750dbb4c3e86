import type { ConsumedRecord, DeadLetter } from '@weir/kafka';

import type { Refusal } from './outcome.js';

/** What the dead letter topic keeps of a refusal; `attempts` counts how often the record was handed over. */
export function toDeadLetter(refusal: Refusal, topicId: string, attempts: number): DeadLetter {
  const { record, class: deadLetterClass, reason, error, tenantId } = refusal;
  return { record, topicId, class: deadLetterClass, reason, error, schemaId: schemaIdOf(record), tenantId, attempts };
}

/** The schema id in the Confluent frame (a zero byte, then four bytes big-endian), where there is one. */
function schemaIdOf({ value }: ConsumedRecord): number | null {
  return value !== null && value.length >= 5 && value[0] === 0 ? value.readUInt32BE(1) : null;
}
