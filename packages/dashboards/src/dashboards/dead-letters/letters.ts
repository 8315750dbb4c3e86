import { type Section } from '../../board.js';
import { board, document } from '../../links.js';
import { table } from '../../panels/table.js';
import { timeline } from '../../panels/timeline.js';
import { timeSeries } from '../../panels/timeseries.js';
import { counted, like, max, rate, series, sum } from '../../promql.js';
import { words } from '../../theme.js';

const whose = { tenant: like('$tenant') };

export const letters: Section = {
  title: 'Dead letters',
  panels: [
    table({
      title: 'Whose, and why',
      description:
        'Records sent to the dead letter queue in the shown time, by tenant and reason. unknown is a record that does not tell its tenant. A click opens the tenant. One tenant with one reason: its data. Many with the same: ours.',
      unit: 'count',
      width: 8,
      height: 9,
      labels: [
        { label: 'tenant', name: 'Tenant', link: board('tenant', { tenant: '${__value.raw}' }) },
        { label: 'reason', name: 'Reason' },
      ],
      values: [
        {
          name: 'Records',
          expression: `${counted('weir_consumer_tenant_dead_letters_total', ['tenant', 'reason'], whose)} > 0`,
          decimals: 0,
        },
      ],
      sortBy: 'Records',
      nothing: 'none',
      runbook: 'dead-letters',
      links: [document('Reasons', 'reference/dead-letters.md')],
    }),
    timeSeries({
      title: 'Sent to the dead letter queue',
      description:
        'By reason. Usual: 0. The breaker opens where the share of dead letters is high across several tenants.',
      unit: 'perSecond',
      width: 8,
      height: 9,
      queries: [{ expression: sum(rate('kafka_dlq_messages_total'), ['reason']), legend: '{{reason}}' }],
      runbook: 'kafka-dlq-receiving',
      links: [document('Reasons', 'reference/dead-letters.md')],
    }),
    timeSeries({
      title: 'In the index, by state',
      description:
        'All dead letters that admin-service knows: open, in a replay, recovered, discarded. Open falls while a replay recovers them.',
      unit: 'count',
      width: 8,
      height: 9,
      stacked: true,
      queries: [
        { expression: sum(max(series('weir_dead_letters'), ['state', 'reason']), ['state']), legend: '{{state}}' },
      ],
      nothing: 'none',
      runbook: 'dead-letters',
    }),
    timeline({
      title: 'Breaker',
      description:
        'Open where metrics-consumer takes no records for this cause. Nothing is lost meanwhile; the runbook says how to close it.',
      unit: 'state',
      width: 24,
      height: 4,
      queries: [{ expression: max(series('weir_breaker_open'), ['cause']), legend: '{{cause}}' }],
      mappings: [words({ 0: ['closed', 'good'], 1: ['open', 'bad'] })],
      runbook: 'weir-breaker-open',
    }),
  ],
};
