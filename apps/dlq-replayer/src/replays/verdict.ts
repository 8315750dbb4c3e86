import type { AnswerOutcome } from '@weir/avro';
import type { OutgoingRecord } from '@weir/kafka';

/** Why a record is not published, and what was changed in one that is. The codes are told in schemas/README.md. */
type AnswerReason =
  | 'null_headers_emptied'
  | 'deleted'
  | 'gone'
  | 'value'
  | 'identity'
  | 'deadline'
  | 'unreadable'
  | 'truncated'
  | 'topic'
  | 'unsendable'
  | 'rejected';

/** What is to be done about one record of a chunk. A broken system is no verdict: it is thrown. */
export type Verdict =
  | {
      readonly outcome: 'published';
      readonly record: OutgoingRecord;
      /** Of the record on the wire, at most. */
      readonly bytes: number;
      readonly reason: AnswerReason | null;
    }
  | { readonly outcome: Exclude<AnswerOutcome, 'published'>; readonly reason: AnswerReason | null };

export const expired = (reason: 'deleted' | 'gone'): Verdict => ({ outcome: 'expired', reason });
export const mismatch = (reason: 'value' | 'identity'): Verdict => ({ outcome: 'mismatch', reason });
export const refused = (
  reason: 'deadline' | 'unreadable' | 'truncated' | 'topic' | 'unsendable' | 'rejected',
): Verdict => ({
  outcome: 'refused',
  reason,
});
export const CAPPED: Verdict = { outcome: 'capped', reason: null };
