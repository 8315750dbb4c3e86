import { type Section } from '../../board.js';
import { board } from '../../links.js';
import { timeSeries } from '../../panels/timeseries.js';
import { like, max, rate, series, sum, top } from '../../promql.js';
import { groups } from './selected.js';

export const lag: Section = {
  title: 'Lag',
  panels: [
    timeSeries({
      title: 'Age of the oldest unsettled record',
      description:
        'By group and topic. A line that rises as fast as time passes: the group stands still. One that falls: it catches up.',
      unit: 'seconds',
      width: 12,
      table: true,
      limits: { warning: 30, bad: 300 },
      queries: [{ expression: series('weir:lag_seconds:max', groups), legend: '{{group}} {{topic}}' }],
      runbook: 'weir-storage-behind',
      links: [board('consumer')],
    }),
    timeSeries({
      title: 'Records before a group',
      description:
        'By group and topic, all partitions together. Usual: below a thousand; much more for a while after an outage.',
      unit: 'count',
      width: 12,
      table: true,
      limits: { warning: 1_000 },
      queries: [{ expression: series('weir:lag_records:sum', groups), legend: '{{group}} {{topic}}' }],
      runbook: 'kafka-consumer-lag',
      links: [board('consumer')],
    }),
    timeSeries({
      title: 'Largest partitions, as the brokers tell',
      description:
        'Records that a group has not committed, of the 15 partitions with most of them. One alone above the others: a key that is too frequent, or a record that does not pass.',
      unit: 'count',
      width: 12,
      table: true,
      queries: [
        {
          expression: top(15, max(series('weir_group_lag_records', groups), ['group', 'topic', 'partition'])),
          legend: '{{group}} {{topic}}/{{partition}}',
        },
      ],
      runbook: 'kafka-partition-skew',
    }),
    timeSeries({
      title: 'Largest partitions, as consumers tell',
      description:
        'Records between the end of a partition and its consumer. Beside the brokers’ figure it tells what is fetched and not committed.',
      unit: 'count',
      width: 12,
      table: true,
      queries: [
        {
          expression: top(15, max(series('kafka_consumer_lag', groups), ['group', 'topic', 'partition'])),
          legend: '{{group}} {{topic}}/{{partition}}',
        },
      ],
      runbook: 'kafka-consumer-lag',
    }),
    timeSeries({
      title: 'Members of groups',
      description: 'As the brokers tell. Usual: as many as there are instances. 0: nobody reads, and the lag grows.',
      unit: 'count',
      width: 12,
      queries: [
        { expression: max(series('weir_group_members', { group: like('$group') }), ['group']), legend: '{{group}}' },
      ],
      runbook: 'weir-app-down',
    }),
    timeSeries({
      title: 'Readings that failed',
      description:
        'Times that admin-service could not read lag or topics from the brokers, and that an app could not read one of its own figures. Usual: 0. While it is above, what is shown here is old.',
      unit: 'perSecond',
      width: 12,
      queries: [
        {
          expression: sum(rate('weir_group_reading_failures_total')),
          legend: 'of the brokers',
        },
        { expression: sum(rate('weir_scrape_failures_total'), ['job']), legend: '{{job}}' },
      ],
      runbook: 'weir-scrape-failing',
    }),
  ],
};
