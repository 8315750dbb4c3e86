import { type Section } from '../../board.js';
import { board, document } from '../../links.js';
import { table } from '../../panels/table.js';
import { timeSeries } from '../../panels/timeseries.js';
import { counted, like, max, not, rate, series, sum, top } from '../../promql.js';
import { here, whose } from './selected.js';

export const byTenant: Section = {
  title: 'By tenant',
  panels: [
    timeSeries({
      title: 'Samples accepted',
      description:
        'Samples a second by tenant, of the 20 who send most. Beyond the first tenants they are "other". A click opens the tenant.',
      unit: 'perSecond',
      width: 12,
      stacked: true,
      queries: [
        { expression: top(20, sum(rate('weir_ingest_tenant_samples_total', whose), ['tenant'])), legend: '{{tenant}}' },
      ],
      seriesLinks: [board('tenant', { tenant: '${__field.labels.tenant}' })],
    }),
    timeSeries({
      title: 'Use of limits',
      description:
        'How much of a limit a tenant uses, of the ten nearest to one. At 100% it is refused what is more, with 429 and a time to come back. Above 80% for long: ask whether its limit or its sending is wrong.',
      unit: 'ratio',
      width: 12,
      limits: { warning: 0.8, bad: 1 },
      queries: [
        {
          expression: top(10, max(series('weir_ingest_tenant_limit_usage_ratio', whose), ['tenant', 'limit'])),
          legend: '{{tenant}} {{limit}}',
        },
      ],
      nothing: 'no tenant has a limit',
      seriesLinks: [board('tenant', { tenant: '${__field.labels.tenant}' })],
      runbook: 'weir-tenant-near-limit',
    }),
    table({
      title: 'Tenants',
      description:
        'Of the shown time: what was accepted, refused whole (requests) and refused alone (samples); and how many series are active now, of tenants with a limit. A click opens the tenant.',
      unit: 'count',
      width: 24,
      height: 9,
      labels: [{ label: 'tenant', name: 'Tenant', link: board('tenant', { tenant: '${__value.raw}' }) }],
      values: [
        {
          name: 'Samples accepted',
          expression: counted('weir_ingest_tenant_samples_total', ['tenant'], whose),
          decimals: 0,
        },
        {
          name: 'Requests refused',
          expression: counted('weir_ingest_tenant_refused_requests_total', ['tenant'], whose),
          limits: { warning: 1 },
          decimals: 0,
        },
        {
          name: 'Samples refused',
          expression: counted('weir_ingest_tenant_rejected_samples_total', ['tenant'], whose),
          limits: { warning: 1 },
          decimals: 0,
        },
        {
          name: 'Dead letters',
          expression: counted('weir_consumer_tenant_dead_letters_total', ['tenant'], { tenant: like('$tenant') }),
          limits: { warning: 1 },
          decimals: 0,
        },
        {
          name: 'Active series',
          expression: sum(series('weir_ingest_tenant_active_series', whose), ['tenant']),
          decimals: 0,
        },
        {
          name: 'Nearest limit',
          expression: max(series('weir_ingest_tenant_limit_usage_ratio', whose), ['tenant']),
          unit: 'ratio',
          limits: { warning: 0.8, bad: 1 },
        },
      ],
      sortBy: 'Samples accepted',
    }),
  ],
};

export const refused: Section = {
  title: 'What is refused',
  panels: [
    timeSeries({
      title: 'Requests refused whole, by code',
      description:
        'Requests a second of which nothing was accepted. 4xx codes are for the sender; delivery_unknown and other 503 say that Kafka or we are the reason, and senders try again.',
      unit: 'perSecond',
      width: 8,
      queries: [{ expression: sum(rate('weir_ingest_rejected_requests_total', here), ['code']), legend: '{{code}}' }],
      nothing: 'none',
      runbook: 'kafka-producer-errors',
      links: [document('Codes', 'reference/errors.md')],
    }),
    timeSeries({
      title: 'Samples refused alone, by code',
      description:
        'Samples a second that were refused while others of their request were accepted; the answer names each.',
      unit: 'perSecond',
      width: 8,
      queries: [
        {
          expression: sum(rate('weir_ingest_samples_total', { ...here, verdict: not('accepted') }), ['verdict']),
          legend: '{{verdict}}',
        },
      ],
      nothing: 'none',
      links: [document('Codes', 'reference/errors.md')],
    }),
    timeSeries({
      title: 'Requests refused for a limit',
      description:
        'Requests a second that were refused for how much their tenant sends or has in flight, by tenant and code.',
      unit: 'perSecond',
      width: 8,
      queries: [
        {
          expression: top(20, sum(rate('weir_ingest_tenant_refused_requests_total', whose), ['tenant', 'code'])),
          legend: '{{tenant}} {{code}}',
        },
      ],
      nothing: 'none',
      seriesLinks: [board('tenant', { tenant: '${__field.labels.tenant}' })],
      runbook: 'weir-tenant-near-limit',
    }),
  ],
};
