import { type BoardMaker, makeBoard, type Section } from '../../board.js';
import { stat } from '../../panels/stat.js';
import { max, series, sum } from '../../promql.js';
import { several } from '../../variables.js';
import { clients, registry } from './clients.js';
import { lag } from './lag.js';
import { sending } from './producers.js';
import { groups, retentionUsed, topics } from './selected.js';
import { written } from './topics.js';

const now: Section = {
  panels: [
    stat({
      title: 'Brokers',
      description: 'Brokers of the cluster. Usual: three. Below min.insync.replicas (two) nothing can be written.',
      unit: 'count',
      width: 4,
      expression: max(series('weir_cluster_brokers')),
      limits: { bad: 1, below: true },
      runbook: 'kafka-connection-down',
    }),
    stat({
      title: 'Under-replicated partitions',
      description:
        'Partitions with fewer replicas in sync than they have. Usual: 0. While it is above, one more broker away may stop writing.',
      unit: 'count',
      width: 4,
      expression: sum(max(series('weir_topic_under_replicated_partitions', topics), ['topic'])),
      limits: { warning: 1 },
      runbook: 'weir-under-replicated-partitions',
    }),
    stat({
      title: 'Missing topics',
      description: 'Topics that Weir works with and that do not exist. Usual: 0.',
      unit: 'count',
      width: 4,
      expression: sum(max(series('weir_topic_missing', topics), ['topic'])),
      limits: { bad: 1 },
      runbook: 'weir-topic-missing',
    }),
    stat({
      title: 'Oldest record of a group',
      description: 'Age of the oldest record that a group has not settled. Usual: seconds.',
      unit: 'seconds',
      width: 4,
      expression: max(series('weir:lag_seconds:max', groups)),
      limits: { warning: 30, bad: 300 },
      runbook: 'weir-storage-behind',
    }),
    stat({
      title: 'Records before a group',
      description: 'Of the group and topic with most of them. Usual: below a thousand.',
      unit: 'count',
      width: 4,
      expression: max(series('weir:lag_records:sum', groups)),
      limits: { warning: 1_000 },
      runbook: 'kafka-consumer-lag',
    }),
    stat({
      title: 'Retention used up',
      description:
        'How much of the time that its topic keeps records the slowest group is behind. At 100% records are deleted before anyone reads them: lost. From 50% on lengthen the retention first, then mend the consumer.',
      unit: 'ratio',
      width: 4,
      expression: max(retentionUsed),
      limits: { warning: 0.25, bad: 0.5 },
      runbook: 'weir-records-expired',
    }),
  ],
};

export const kafka: BoardMaker = (docsUrl) =>
  makeBoard(
    {
      name: 'kafka',
      description: 'Who is behind and by how much, what topics there are, and how clients reach the brokers.',
      variables: [
        several({ name: 'group', label: 'Group', of: 'weir_group_lag_records', values: 'group' }),
        several({ name: 'topic', label: 'Topic', of: 'weir_topic_end_offset', values: 'topic' }),
      ],
      sections: [now, lag, written, sending, clients, registry],
    },
    docsUrl,
  );
