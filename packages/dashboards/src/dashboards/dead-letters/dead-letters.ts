import { type BoardMaker, makeBoard, type Section } from '../../board.js';
import { stat } from '../../panels/stat.js';
import { max, rate, series, sum } from '../../promql.js';
import { several } from '../../variables.js';
import { letters } from './letters.js';
import { outbox } from './outbox.js';
import { replays } from './replays.js';

const now: Section = {
  panels: [
    stat({
      title: 'Open dead letters',
      description:
        'Dead letters about which nothing is decided: neither recovered nor discarded. Usual: 0. The runbook leads from here to all of it recovered.',
      unit: 'count',
      width: 4,
      expression: `${sum(max(series('weir_dead_letters', { state: 'open' }), ['reason']))} or ${max(series('weir_dead_letters_oldest_open_seconds'))} * 0`,
      limits: { warning: 1 },
      decimals: 0,
      runbook: 'dead-letters',
    }),
    stat({
      title: 'The oldest of them',
      description:
        'How long it has waited. At the retention of metrics.dlq it is deleted, and cannot be replayed any more.',
      unit: 'seconds',
      width: 4,
      expression: max(series('weir_dead_letters_oldest_open_seconds')),
      limits: { warning: 86_400, bad: 7 * 86_400 },
      runbook: 'weir-dlq-nearing-retention',
    }),
    stat({
      title: 'Dead letters now',
      description: 'Records a second that go to the dead letter queue. Usual: 0.',
      unit: 'recordsPerSecond',
      width: 4,
      expression: sum(rate('kafka_dlq_messages_total')),
      limits: { warning: 0.001 },
      runbook: 'kafka-dlq-receiving',
    }),
    stat({
      title: 'Replays under way',
      description:
        'Running, paused or cancelling. One that pauses by itself has a reason: GET /api/v1/dlq/replays/{id} says it.',
      unit: 'count',
      width: 4,
      expression: sum(max(series('weir_replays'), ['state'])),
      runbook: 'dead-letters',
    }),
    stat({
      title: 'Their records without an outcome',
      description: 'Records of these replays whose outcome is not known yet. It falls while they move.',
      unit: 'count',
      width: 4,
      expression: max(series('weir_replay_remaining_records')),
      runbook: 'weir-replay-stalled',
    }),
    stat({
      title: 'No answer for',
      description:
        'Longest time for which a running replay has got no answer. Usual: seconds; the alert comes after ten minutes.',
      unit: 'seconds',
      width: 4,
      expression: max(series('weir_replay_idle_seconds')),
      limits: { warning: 60, bad: 600 },
      runbook: 'weir-replay-stalled',
    }),
  ],
};

export const deadLetters: BoardMaker = (docsUrl) =>
  makeBoard(
    {
      name: 'deadLetters',
      description: 'What could not be stored, whose it is and why, and what replays recover of it.',
      from: 'now-6h',
      variables: [
        several({ name: 'tenant', label: 'Tenant', of: 'weir_consumer_tenant_dead_letters_total', values: 'tenant' }),
      ],
      sections: [now, letters, replays, outbox],
    },
    docsUrl,
  );
