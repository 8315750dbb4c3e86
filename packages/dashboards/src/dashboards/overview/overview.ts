import { type BoardMaker, makeBoard } from '../../board.js';
import { board } from '../../links.js';
import { timeline } from '../../panels/timeline.js';
import { timeSeries } from '../../panels/timeseries.js';
import { max, min, not, quantile, rate, series, sum, top } from '../../promql.js';
import { words } from '../../theme.js';
import { ownTopics } from '../../topics.js';
import { firingAlerts } from './alerts.js';
import { delayed, delayedWhom, lost, lostWhat, refused, refusedWhom } from './headline.js';

const parts = timeline({
  title: 'What works',
  description:
    'Apps (up: at least one instance answers), what they depend on (as the worst instance sees it), and the breakers of metrics-consumer (down: open, it takes no records). Usual: all up. A dependency that is away delays and loses nothing; its runbook says how long that may go on.',
  unit: 'state',
  width: 12,
  height: 9,
  queries: [
    { expression: max(series('up'), ['job']), legend: '{{job}}' },
    { expression: min(series('weir_dependency_up'), ['dependency']), legend: '→ {{dependency}}' },
    { expression: `1 - ${max(series('weir_breaker_open'), ['cause'])}`, legend: 'breaker {{cause}}' },
  ],
  mappings: [words({ 1: ['up', 'good'], 0: ['down', 'bad'] })],
  runbook: 'weir-app-down',
  links: [board('consumer')],
});

const throughput = timeSeries({
  title: 'Throughput',
  description:
    'Samples taken in, stored and refused alone, and records dead-lettered. Usual: stored follows taken in within a second, the others are 0. Stored below taken in: data waits in Kafka, see lag. Stored above: it is catching up, or a replay runs.',
  unit: 'perSecond',
  width: 12,
  queries: [
    { expression: sum(rate('weir_ingest_samples_total', { verdict: 'accepted' })), legend: 'taken in' },
    { expression: sum(rate('kafka_messages_processed_total', { status: 'success' })), legend: 'stored' },
    { expression: sum(rate('kafka_dlq_messages_total')), legend: 'dead-lettered' },
    { expression: sum(rate('weir_ingest_samples_total', { verdict: not('accepted') })), legend: 'refused' },
  ],
  runbook: 'kafka-message-rate-low',
  links: [board('ingest')],
});

const freshness = timeSeries({
  title: 'Freshness',
  description:
    'Time from taking a sample in to its being stored, of those stored at that time. Objective: 99.9% within 30 s (dashed). Usual: p99 below 0.1 s. What is not stored yet is not in it: see lag. Just after an outage it shows how old what is stored now has become.',
  unit: 'seconds',
  width: 12,
  logarithmic: true,
  limits: { bad: 30 },
  queries: [
    { expression: quantile(0.5, 'weir_freshness_seconds'), legend: 'p50' },
    { expression: quantile(0.99, 'weir_freshness_seconds'), legend: 'p99' },
    { expression: quantile(0.999, 'weir_freshness_seconds'), legend: 'p99.9' },
  ],
  runbook: 'weir-freshness-budget-burn',
  links: [board('consumer')],
});

const lag = timeSeries({
  title: 'Lag',
  description:
    'Age of the oldest record that a group has not settled, by group and topic. Usual: seconds. A line that rises as fast as time passes: the group stands still, and "Who waits" says for what. It falls: it is catching up.',
  unit: 'seconds',
  width: 8,
  limits: { warning: 30, bad: 300 },
  queries: [
    { expression: top(15, series('weir:lag_seconds:max', { topic: ownTopics })), legend: '{{group}} {{topic}}' },
  ],
  runbook: 'weir-storage-behind',
  links: [board('kafka')],
});

const deadLetters = timeSeries({
  title: 'Dead letters',
  description:
    'Records that can never be stored as they are, by reason, in records a second. They are kept with their bytes and can be replayed. Usual: 0. Of one tenant: its data; of many at once: our deploy, a schema or the database.',
  unit: 'perSecond',
  width: 8,
  queries: [{ expression: sum(rate('kafka_dlq_messages_total'), ['reason']), legend: '{{reason}}' }],
  runbook: 'kafka-dlq-receiving',
  links: [board('deadLetters')],
});

const tenants = timeSeries({
  title: 'Largest tenants',
  description:
    'Samples accepted of the ten tenants who send most. Usual: as yesterday at this time. A tenant who is gone has stopped sending or is refused. A click opens the tenant.',
  unit: 'perSecond',
  width: 8,
  queries: [{ expression: top(10, sum(rate('weir_ingest_tenant_samples_total'), ['tenant'])), legend: '{{tenant}}' }],
  seriesLinks: [board('tenant', { tenant: '${__field.labels.tenant}' })],
  runbook: 'kafka-message-rate-low',
  links: [board('ingest')],
});

/** `alerts`: the names of all that Prometheus may fire. */
export const overview =
  (alerts: readonly string[]): BoardMaker =>
  (docsUrl) =>
    makeBoard(
      {
        name: 'overview',
        description: 'Is data being lost, delayed or refused, for whom and why?',
        from: 'now-6h',
        sections: [
          { panels: [lost, delayed, refused, lostWhat, delayedWhom, refusedWhom] },
          { title: 'What is wrong', panels: [firingAlerts(alerts), parts] },
          { title: 'The flow', panels: [throughput, freshness, lag, deadLetters, tenants] },
        ],
      },
      docsUrl,
    );
