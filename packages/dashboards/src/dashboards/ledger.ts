import { type BoardMaker, makeBoard, type Section } from '../board.js';
import { board, document } from '../links.js';
import { stat } from '../panels/stat.js';
import { table } from '../panels/table.js';
import { timeSeries } from '../panels/timeseries.js';
import { counted, idleIsZero, like, max, rate, series, sum } from '../promql.js';
import { words } from '../theme.js';
import { several } from '../variables.js';

const guide = document('Guide: the ledger', 'guides/ledger.md');
const topics = { topic: like('$topic') };
const became = (outcome: string): string =>
  idleIsZero(counted('weir_ledger_offsets_total', [], { ...topics, outcome }), 'metrics-consumer');

const now: Section = {
  panels: [
    stat({
      title: 'The ledger',
      description:
        'Whether every offset is counted once and as one thing. Usual: it adds up. Otherwise keep the evidence first: the runbook says how.',
      unit: 'state',
      width: 4,
      expression: `${max(series('weir_ledger_unbalanced_partitions'))} > bool 0`,
      mappings: [words({ 0: ['adds up', 'good'], 1: ['DOES NOT ADD UP', 'bad'] })],
      loud: true,
      nothing: 'Unknown',
      runbook: 'weir-ledger-unbalanced',
      links: [guide],
    }),
    stat({
      title: 'Expired',
      description: 'Records of the shown time that retention deleted before anyone read them: lost. Usual: 0.',
      unit: 'count',
      width: 4,
      expression: became('expired'),
      limits: { bad: 1 },
      decimals: 0,
      runbook: 'weir-records-expired',
    }),
    stat({
      title: 'Skipped',
      description: 'Records of the shown time that an operator passed over. Usual: 0; the log says who, when and why.',
      unit: 'count',
      width: 4,
      expression: became('skipped'),
      limits: { warning: 1 },
      decimals: 0,
      links: [guide],
    }),
    stat({
      title: 'Dead-lettered',
      description: 'Records of the shown time that lie in metrics.dlq with their bytes and a reason. Usual: 0.',
      unit: 'count',
      width: 4,
      expression: became('dead_lettered'),
      limits: { warning: 1 },
      decimals: 0,
      runbook: 'kafka-dlq-receiving',
      links: [board('deadLetters')],
    }),
    stat({
      title: 'Gaps',
      description:
        'Offsets of the shown time at which there is nothing to read: control records of transactions and aborted records. Usual: one for each partition and replayed chunk.',
      unit: 'count',
      width: 4,
      expression: became('gap'),
      decimals: 0,
      links: [guide],
    }),
    stat({
      title: 'Stored',
      description: 'Records of the shown time whose value, or a newer one, is in the store.',
      unit: 'count',
      width: 4,
      expression: became('stored'),
    }),
  ],
};

const settled: Section = {
  title: 'What became of offsets',
  panels: [
    timeSeries({
      title: 'Settled',
      description: 'Offsets a second by what they became. Usual: stored alone.',
      unit: 'perSecond',
      width: 12,
      queries: [{ expression: sum(rate('weir_ledger_offsets_total', topics), ['outcome']), legend: '{{outcome}}' }],
      runbook: 'weir-records-expired',
      links: [guide],
    }),
    timeSeries({
      title: 'In, and settled',
      description:
        'Samples that were accepted and records that were replayed, and offsets that were settled, whatever they became. Usual: one line on the other. Settled below: data waits in Kafka, see lag.',
      unit: 'perSecond',
      width: 12,
      queries: [
        {
          expression: `${sum(rate('weir_ingest_samples_total', { verdict: 'accepted' }))} + (${sum(rate('weir_replay_records_total', { outcome: 'published' }))} or vector(0))`,
          legend: 'taken in',
        },
        { expression: sum(rate('weir_ledger_offsets_total', topics)), legend: 'settled' },
      ],
      runbook: 'weir-storage-behind',
      links: [board('kafka')],
    }),
    table({
      title: 'By topic',
      description: 'Offsets of the shown time by what they became.',
      unit: 'count',
      width: 12,
      height: 7,
      labels: [
        { label: 'topic', name: 'Topic' },
        { label: 'outcome', name: 'What became of them' },
      ],
      values: [
        {
          name: 'Offsets',
          expression: counted('weir_ledger_offsets_total', ['topic', 'outcome'], topics),
          decimals: 0,
        },
      ],
      sortBy: 'Offsets',
      links: [guide],
    }),
    timeSeries({
      title: 'Partitions that do not add up',
      description:
        'As each instance of metrics-consumer reads the ledger. Usual: 0; anything else is an incident, and the log has the whole line.',
      unit: 'count',
      width: 12,
      height: 7,
      limits: { bad: 1 },
      queries: [{ expression: max(series('weir_ledger_unbalanced_partitions'), ['instance']), legend: '{{instance}}' }],
      runbook: 'weir-ledger-unbalanced',
      links: [guide],
    }),
  ],
};

const danger: Section = {
  title: 'How near loss is',
  panels: [
    timeSeries({
      title: 'Retention used up',
      description:
        'How much of the time that its topic keeps records a group is behind. At 100% records expire unread. From 50% on lengthen the retention first, then mend what holds the consumer.',
      unit: 'ratio',
      width: 12,
      limits: { warning: 0.25, bad: 0.5 },
      atLeast: 1,
      queries: [
        {
          expression: `${max(series('weir_group_lag_seconds', topics), ['group', 'topic'])} / on (topic) group_left () ${max(series('weir_topic_retention_seconds', topics), ['topic'])}`,
          legend: '{{group}} {{topic}}',
        },
      ],
      runbook: 'weir-records-expired',
      links: [board('kafka')],
    }),
    timeSeries({
      title: 'Stored later than 30 s',
      description: 'Part of the samples of the last hour. The objective allows 0.1%.',
      unit: 'ratio',
      width: 12,
      limits: { warning: 0.001, bad: 0.0144 },
      atLeast: 0.02,
      queries: [{ expression: series('weir:freshness_late:ratio_rate1h'), legend: 'late' }],
      runbook: 'weir-freshness-budget-burn',
    }),
  ],
};

export const ledger: BoardMaker = (docsUrl) =>
  makeBoard(
    {
      name: 'ledger',
      description: 'The promise, checked: what became of every offset, and how near records are to being lost.',
      from: 'now-24h',
      variables: [several({ name: 'topic', label: 'Topic', of: 'weir_ledger_offsets_total', values: 'topic' })],
      sections: [now, settled, danger],
    },
    docsUrl,
  );
