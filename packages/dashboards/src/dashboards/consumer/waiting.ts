import { type Section } from '../../board.js';
import { timeline } from '../../panels/timeline.js';
import { timeSeries } from '../../panels/timeseries.js';
import { max, rate, series, sum } from '../../promql.js';
import { words } from '../../theme.js';
import { here } from './selected.js';

export const waiting: Section = {
  title: 'Why it waits',
  panels: [
    timeline({
      title: 'Waits for',
      description:
        'While a group reads nothing, the reason: the code of a fault (store_unavailable, broker_unavailable, …), the breaker, or paused. Usual: never. What waits is safe in Kafka for as long as the topic keeps it.',
      unit: 'state',
      width: 12,
      queries: [
        {
          expression: max(series('weir_consumer_waiting', here), ['group', 'reason']),
          legend: '{{group}}: {{reason}}',
        },
      ],
      mappings: [words({ 0: ['reads', 'good'], 1: ['waits', 'bad'] })],
      nothing: 'it has never waited',
      emptyWhile: 'no consumer has waited since its process began',
      runbook: 'kafka-consumer-stuck',
    }),
    timeSeries({
      title: 'Part of the time that it waited',
      description: 'By reason, the slowest instance. Usual: 0. At 100% it does nothing else.',
      unit: 'ratio',
      width: 12,
      max: 1,
      queries: [
        {
          expression: max(rate('weir_consumer_waited_seconds_total', here), ['group', 'reason']),
          legend: '{{group}}: {{reason}}',
        },
      ],
      nothing: 'it has never waited',
      emptyWhile: 'no consumer has waited since its process began',
      runbook: 'kafka-consumer-stuck',
    }),
    timeSeries({
      title: 'Batches tried again, and faults of consuming',
      description:
        'By code. Usual: 0. A batch is tried again until the system that was away is back; no record goes to the DLQ for it.',
      unit: 'perSecond',
      width: 8,
      queries: [
        { expression: sum(rate('weir_consumer_batch_retries_total', here), ['code']), legend: 'again: {{code}}' },
        { expression: sum(rate('kafka_consumer_errors_total', here), ['code']), legend: 'fault: {{code}}' },
      ],
      nothing: 'none',
      emptyWhile: 'no system was away',
      runbook: 'kafka-consumer-stuck',
    }),
    timeSeries({
      title: 'Stalls and rebalances',
      description:
        'Times that a consumer had work and did not move (the process ends itself when it stays so), and changes of the assignment. Usual: changes with a deploy alone; lost is a member that the group gave up.',
      unit: 'perSecond',
      width: 8,
      queries: [
        { expression: sum(rate('weir_consumer_rebalances_total', here), ['kind']), legend: 'rebalance: {{kind}}' },
        {
          expression: sum(rate('weir_consumer_stalls_total', here), ['kind']),
          legend: 'stall: {{kind}}',
          emptyWhile: 'no consumer stalled',
        },
      ],
      runbook: 'kafka-consumer-stuck',
    }),
    timeSeries({
      title: 'Partitions by instance',
      description: 'How the partitions are shared. Usual: evenly. An instance without any is one too many.',
      unit: 'count',
      width: 8,
      stacked: true,
      queries: [
        {
          expression: sum(series('weir_consumer_assigned_partitions', here), ['group', 'instance']),
          legend: '{{group}} {{instance}}',
        },
      ],
      runbook: 'kafka-consumer-lag',
    }),
  ],
};
