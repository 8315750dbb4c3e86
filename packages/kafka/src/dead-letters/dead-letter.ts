import type { WeirError } from '@weir/errors';

import type { ConsumedRecord } from '../records.js';

/** Why a record can never be stored, by who found out: its bytes, our rules, or the database. The list is closed. */
const REASONS = {
  poison: ['frame', 'unknown_schema', 'decode'],
  invalid: ['tenant', 'name', 'labels', 'value', 'timestamp', 'null_value'],
  rejected: ['database'],
} as const;

/** `poison`: cannot be read. `invalid`: can be read and breaks a rule. `rejected`: the database refuses this row alone. */
export type DeadLetterClass = keyof typeof REASONS;
export type DeadLetterReason = (typeof REASONS)[DeadLetterClass][number];

const CLASS_OF = new Map<string, DeadLetterClass>();
const CLASSES = ['poison', 'invalid', 'rejected'] as const;
for (const name of CLASSES) for (const reason of REASONS[name]) CLASS_OF.set(reason, name);

/** Every reason there is, for labels and filters. */
export const deadLetterReasons: readonly DeadLetterReason[] = CLASSES.flatMap((name) => REASONS[name]);

export const isDeadLetterReason = (text: string): text is DeadLetterReason => CLASS_OF.has(text);

/** The class that a reason belongs to. */
export function deadLetterClass(reason: DeadLetterReason): DeadLetterClass {
  const found = CLASS_OF.get(reason);
  if (found === undefined) throw new TypeError(`"${reason}" is no reason of a dead letter`);
  return found;
}

/** A record that can never be stored, and what is known about it. */
export interface DeadLetter {
  readonly record: ConsumedRecord;
  /** The id of the record's topic: a topic that was deleted and made again begins new identities. */
  readonly topicId: string;
  readonly class: DeadLetterClass;
  readonly reason: DeadLetterReason;
  readonly error: WeirError;
  readonly schemaId: number | null;
  readonly tenantId: string | null;
  /** How often the record was tried, this time included. */
  readonly attempts: number;
}
