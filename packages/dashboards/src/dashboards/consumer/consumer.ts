import { type BoardMaker, makeBoard, type Section } from '../../board.js';
import { stat } from '../../panels/stat.js';
import { max, min, quantile, rate, series, sum } from '../../promql.js';
import { words } from '../../theme.js';
import { instances } from '../../variables.js';
import { processes } from '../processes.js';
import { flow } from './flow.js';
import { here } from './selected.js';
import { store } from './store.js';
import { waiting } from './waiting.js';

const now: Section = {
  panels: [
    stat({
      title: 'Stored',
      description: 'Records a second that are settled as stored. Usual: as many as are taken in.',
      unit: 'recordsPerSecond',
      width: 4,
      expression: sum(rate('kafka_messages_processed_total', { ...here, status: 'success' })),
      runbook: 'kafka-consumer-stuck',
    }),
    stat({
      title: 'Freshness, p99',
      description:
        'Time from taking a sample in to its being stored, of those stored lately. Objective: 99.9% within 30 s.',
      unit: 'seconds',
      width: 4,
      expression: quantile(0.99, 'weir_freshness_seconds', [], here),
      limits: { warning: 1, bad: 30 },
      runbook: 'weir-freshness-budget-burn',
    }),
    stat({
      title: 'Oldest unsettled record',
      description: 'Of what the instances have fetched or in hand. Usual: below a second.',
      unit: 'seconds',
      width: 4,
      expression: max(series('weir_consumer_lag_seconds', here)),
      limits: { warning: 10, bad: 30 },
      runbook: 'weir-storage-behind',
    }),
    stat({
      title: 'Breaker',
      description:
        'Open where metrics-consumer takes no records, since dead letters cannot be written, or too many are of several tenants. Nothing is lost meanwhile. The runbook says how to close it.',
      unit: 'state',
      width: 4,
      expression: max(series('weir_breaker_open', here)),
      mappings: [words({ 0: ['closed', 'good'], 1: ['OPEN', 'bad'] })],
      loud: true,
      runbook: 'weir-breaker-open',
    }),
    stat({
      title: 'Breaker is',
      description: 'Whether instances share the breaker through Redis. Alone each opens and closes its own.',
      unit: 'state',
      width: 4,
      expression: min(series('weir_breaker_shared', here)),
      mappings: [words({ 1: ['shared', 'good'], 0: ['each alone', 'calm'] })],
      runbook: 'weir-redis-down',
    }),
    stat({
      title: 'Partitions read',
      description:
        'Partitions that the instances read, together. Usual: all of metrics.raw, twelve unless configured otherwise.',
      unit: 'count',
      width: 4,
      expression: sum(series('weir_consumer_assigned_partitions', here)),
      limits: { bad: 1, below: true },
      runbook: 'kafka-consumer-lag',
    }),
  ],
};

export const consumer: BoardMaker = (docsUrl) =>
  makeBoard(
    {
      name: 'consumer',
      description: 'What metrics-consumer stores, how fast, why it waits where it does, and how the store is.',
      variables: [instances('metrics-consumer')],
      sections: [now, flow, waiting, store, processes('metrics-consumer')],
    },
    docsUrl,
  );
