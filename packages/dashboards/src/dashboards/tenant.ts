import { type BoardMaker, makeBoard, type Section } from '../board.js';
import { board, document } from '../links.js';
import { stat } from '../panels/stat.js';
import { table } from '../panels/table.js';
import { timeSeries } from '../panels/timeseries.js';
import { counted, idleIsZero, max, min, orZero, rate, series, sum } from '../promql.js';
import { one } from '../variables.js';

const whose = { tenant: '$tenant' };
const ingestAnswers = (expression: string): string => idleIsZero(expression, 'ingest-api');

const now: Section = {
  panels: [
    stat({
      title: 'Sends',
      description: 'Samples a second that are accepted of this tenant now.',
      unit: 'samplesPerSecond',
      width: 4,
      expression: ingestAnswers(sum(rate('weir_ingest_tenant_samples_total', whose))),
      runbook: 'kafka-message-rate-low',
    }),
    stat({
      title: 'Accepted',
      description: 'Samples of this tenant that were accepted in the shown time: Kafka holds them.',
      unit: 'count',
      width: 4,
      expression: ingestAnswers(counted('weir_ingest_tenant_samples_total', [], whose)),
    }),
    stat({
      title: 'Requests refused',
      description: 'In the shown time, for a limit. Usual: 0. The tenant got 429 and a time to come back.',
      unit: 'count',
      width: 4,
      expression: ingestAnswers(counted('weir_ingest_tenant_refused_requests_total', [], whose)),
      limits: { warning: 1 },
      decimals: 0,
      runbook: 'weir-tenant-near-limit',
    }),
    stat({
      title: 'Samples refused',
      description:
        'In the shown time, alone: others of their request were accepted. Usual: 0. The answer named each, with a code.',
      unit: 'count',
      width: 4,
      expression: ingestAnswers(counted('weir_ingest_tenant_rejected_samples_total', [], whose)),
      limits: { warning: 1 },
      decimals: 0,
      links: [document('Codes', 'reference/errors.md')],
    }),
    stat({
      title: 'Dead letters',
      description:
        'Accepted records of the shown time that could not be stored; they are kept and can be replayed. Usual: 0.',
      unit: 'count',
      width: 4,
      expression: idleIsZero(counted('weir_consumer_tenant_dead_letters_total', [], whose), 'metrics-consumer'),
      limits: { warning: 1 },
      decimals: 0,
      runbook: 'kafka-dlq-receiving',
      links: [board('deadLetters', { tenant: '$tenant' })],
    }),
    stat({
      title: 'Last key expires in',
      description:
        'When the last usable key of the tenant ends; after it everything is 401. Never: a key of it has no end.',
      unit: 'seconds',
      width: 4,
      expression: `${min(series('weir_api_key_expiry_timestamp_seconds', whose))} - time()`,
      limits: { bad: 86_400, warning: 7 * 86_400, below: true },
      nothing: 'never',
      runbook: 'weir-api-key-expiring',
    }),
  ],
};

const flow: Section = {
  title: 'From the door to the store',
  panels: [
    timeSeries({
      title: 'Accepted, stored, dead-lettered',
      description:
        'Samples of this tenant. Usual: stored follows accepted within a second. Where it does not for all tenants, see lag.',
      unit: 'perSecond',
      width: 16,
      queries: [
        { expression: sum(rate('weir_ingest_tenant_samples_total', whose)), legend: 'taken in' },
        { expression: sum(rate('weir_consumer_tenant_samples_total', whose)), legend: 'stored' },
        { expression: orZero(sum(rate('weir_consumer_tenant_dead_letters_total', whose))), legend: 'dead-lettered' },
        { expression: orZero(sum(rate('weir_ingest_tenant_rejected_samples_total', whose))), legend: 'refused' },
      ],
      runbook: 'weir-storage-behind',
      links: [board('kafka')],
    }),
    timeSeries({
      title: 'Use of limits',
      description: 'Of each limit that the tenant has, the fullest instance. At 100% it is refused what is more.',
      unit: 'ratio',
      width: 8,
      limits: { warning: 0.8, bad: 1 },
      queries: [
        { expression: max(series('weir_ingest_tenant_limit_usage_ratio', whose), ['limit']), legend: '{{limit}}' },
      ],
      nothing: 'it has no limit',
      runbook: 'weir-tenant-near-limit',
      links: [document('Guide: tenants', 'guides/tenants.md')],
    }),
  ],
};

const refused: Section = {
  title: 'What is refused or cannot be stored',
  panels: [
    timeSeries({
      title: 'Requests refused, by code',
      description: 'For how much the tenant sends or has in flight, in requests a second. Usual: none.',
      unit: 'perSecond',
      width: 8,
      queries: [
        { expression: sum(rate('weir_ingest_tenant_refused_requests_total', whose), ['code']), legend: '{{code}}' },
      ],
      nothing: 'none',
      runbook: 'weir-tenant-near-limit',
      links: [document('Codes', 'reference/errors.md')],
    }),
    timeSeries({
      title: 'Samples refused, by code',
      description: 'In samples a second. Usual: none. The code says what is wrong with them: tell the tenant.',
      unit: 'perSecond',
      width: 8,
      queries: [
        { expression: sum(rate('weir_ingest_tenant_rejected_samples_total', whose), ['code']), legend: '{{code}}' },
      ],
      nothing: 'none',
      links: [document('Codes', 'reference/errors.md')],
    }),
    table({
      title: 'Dead letters, by reason',
      description: 'Of the shown time. They are kept with their bytes; the runbook leads to all of it recovered.',
      unit: 'count',
      width: 8,
      labels: [{ label: 'reason', name: 'Reason' }],
      values: [
        {
          name: 'Records',
          expression: `${counted('weir_consumer_tenant_dead_letters_total', ['reason'], whose)} > 0`,
          decimals: 0,
        },
      ],
      sortBy: 'Records',
      nothing: 'none',
      runbook: 'dead-letters',
      links: [document('Reasons', 'reference/dead-letters.md'), board('deadLetters', { tenant: '$tenant' })],
    }),
    timeSeries({
      title: 'Active series',
      description: 'Series of the tenant that are active, by instance. Counted for tenants with a limit of series.',
      unit: 'count',
      width: 12,
      queries: [
        { expression: max(series('weir_ingest_tenant_active_series', whose), ['instance']), legend: '{{instance}}' },
      ],
      nothing: 'it has no limit of series',
      runbook: 'weir-tenant-near-limit',
    }),
    timeSeries({
      title: 'Tenants known',
      description:
        'How many tenants each app’s view has. Usual: equal in all of them; below, an app has not read the tenants topic.',
      unit: 'count',
      width: 12,
      queries: [
        { expression: min(series('weir_tenants_view_tenants'), ['job']), legend: '{{job}}' },
        {
          expression: sum(rate('weir_tenants_view_records_passed_over_total'), ['reason']),
          legend: 'passed over: {{reason}}',
          unit: 'perSecond',
          emptyWhile: 'every record of the tenants topic can be used',
        },
      ],
      runbook: 'kafka-connection-down',
    }),
  ],
};

export const tenant: BoardMaker = (docsUrl) =>
  makeBoard(
    {
      name: 'tenant',
      description: 'What one tenant sends, what of it is refused, stored or dead-lettered, and why.',
      from: 'now-6h',
      variables: [one({ name: 'tenant', label: 'Tenant', of: 'weir_ingest_tenant_samples_total', values: 'tenant' })],
      sections: [now, flow, refused],
    },
    docsUrl,
  );
