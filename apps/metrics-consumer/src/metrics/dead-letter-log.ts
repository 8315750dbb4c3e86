import { headerText } from '@weir/kafka';

import type { RefusalGroup } from './refusal-groups.js';

/** One line of the log about dead letters of one batch that share tenant and reason. */
export interface DeadLetterLine {
  readonly text: string;
  /** Of the first of them where they differ. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What a log says of dead letters: where they are and why, and nothing of what is in them. */
export function deadLetterLine({ first, count }: RefusalGroup): DeadLetterLine {
  const { record, reason, class: kind, error, tenantId } = first;
  const { topic, partition, offset, headers } = record;
  const owner = tenantId === null ? 'a tenant that is not known' : `tenant ${tenantId}`;
  return {
    text: `Records of ${owner} cannot be stored (${reason}); they are in the dead letter queue`,
    fields: {
      stage: 'dead_letter',
      entity_id: `${topic}/${partition}/${offset}`,
      tenant: tenantId,
      class: kind,
      reason,
      code: error.code,
      topic,
      partition,
      offset,
      records: count,
      correlation_id: headerText(headers, 'correlation-id'),
    },
  };
}
