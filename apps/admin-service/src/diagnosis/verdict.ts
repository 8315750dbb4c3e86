import type { DeadLetterReason } from '@weir/kafka';

import type { Decoded } from './decoded.js';
import type { Finding } from './finding.js';

/** What is wrong with a dead letter, in words, and what its value says. */
export interface Examination {
  /** The cause first, then what else is wrong, then what is only worth knowing. Never empty. */
  readonly findings: readonly Finding[];
  readonly decoded: Decoded;
  /** Whether the registry has the frame's schema; null where it cannot be asked (a finding says so) or there is no frame. */
  readonly schemaKnown: boolean | null;
}

/** How metrics-consumer would judge the record today. */
export interface Verdict extends Examination {
  /** Its reason for refusing it; null: it would store it; undefined: that cannot be told. */
  readonly reason: DeadLetterReason | null | undefined;
}
