import { type Section } from '../../board.js';
import { board } from '../../links.js';
import { heatmap } from '../../panels/heatmap.js';
import { timeSeries } from '../../panels/timeseries.js';
import { buckets, mean, quantile, rate, sum, top } from '../../promql.js';
import { here } from './selected.js';

export const flow: Section = {
  title: 'From Kafka to the store',
  panels: [
    timeSeries({
      title: 'Records',
      description:
        'Delivered to a batch, and settled: success is stored; failure is dead-lettered, or in a batch whose try met a system that is away and which comes again. Usual: success equals delivered.',
      unit: 'perSecond',
      width: 12,
      queries: [
        { expression: sum(rate('kafka_messages_consumed_total', here)), legend: 'delivered' },
        { expression: sum(rate('kafka_messages_processed_total', here), ['status']), legend: '{{status}}' },
      ],
      runbook: 'kafka-high-error-ratio',
    }),
    timeSeries({
      title: 'Freshness',
      description:
        'Time from taking a sample in to its being stored, of those stored at that time. Usual: p99 below 0.1 s. Dashed: the objective, 99.9% within 30 s.',
      unit: 'seconds',
      width: 12,
      logarithmic: true,
      limits: { bad: 30 },
      queries: [
        { expression: quantile(0.5, 'weir_freshness_seconds', [], here), legend: 'p50' },
        { expression: quantile(0.99, 'weir_freshness_seconds', [], here), legend: 'p99' },
        { expression: quantile(0.999, 'weir_freshness_seconds', [], here), legend: 'p99.9' },
      ],
      runbook: 'weir-freshness-budget-burn',
    }),
    timeSeries({
      title: 'Stages of a batch, p99',
      description:
        'decode, store (rows, ledger and their commit), dead_letter (until acknowledged), commit (of offsets). Usual: store is most of it. The stage that grew says where to look: PostgreSQL, Kafka, or our CPU.',
      unit: 'seconds',
      width: 12,
      queries: [
        { expression: quantile(0.99, 'weir_consumer_stage_duration_seconds', ['stage'], here), legend: '{{stage}}' },
      ],
      runbook: 'kafka-processing-latency-high',
    }),
    heatmap({
      title: 'Freshness, spread',
      description:
        'Samples by the time from taking them in to storing them. A band that moves up is an outage being worked off.',
      unit: 'seconds',
      width: 12,
      expression: buckets('weir_freshness_seconds', here),
      runbook: 'weir-freshness-budget-burn',
    }),
    timeSeries({
      title: 'Time of a batch',
      description: 'From its delivery to its settlement. Usual: p99 below 0.25 s; the alert comes above 1 s.',
      unit: 'seconds',
      width: 8,
      limits: { warning: 1 },
      queries: [
        { expression: quantile(0.5, 'kafka_message_processing_duration_seconds', [], here), legend: 'p50' },
        { expression: quantile(0.99, 'kafka_message_processing_duration_seconds', [], here), legend: 'p99' },
      ],
      runbook: 'kafka-processing-latency-high',
    }),
    timeSeries({
      title: 'Records in a batch',
      description: 'Mean and p99. Small while all is well; as large as they may be while the consumer catches up.',
      unit: 'count',
      width: 8,
      queries: [
        { expression: mean('weir_consumer_batch_size_records', here), legend: 'mean' },
        { expression: quantile(0.99, 'weir_consumer_batch_size_records', [], here), legend: 'p99' },
      ],
    }),
    timeSeries({
      title: 'Stored, by tenant',
      description: 'Samples a second of the ten tenants of whom most are stored. A click opens the tenant.',
      unit: 'perSecond',
      width: 8,
      queries: [
        {
          expression: top(10, sum(rate('weir_consumer_tenant_samples_total', here), ['tenant'])),
          legend: '{{tenant}}',
        },
      ],
      seriesLinks: [board('tenant', { tenant: '${__field.labels.tenant}' })],
    }),
  ],
};
