import { type Section } from '../../board.js';
import { document } from '../../links.js';
import { timeSeries } from '../../panels/timeseries.js';
import { max, quantile, rate, series, sum } from '../../promql.js';

export const outbox: Section = {
  title: 'Outbox and operators',
  panels: [
    timeSeries({
      title: 'Messages that Kafka does not have yet',
      description:
        'By app. They are committed and come in order. Usual: 0. Until they are there a revoked key goes on being accepted.',
      unit: 'count',
      width: 8,
      queries: [
        { expression: max(series('weir_outbox_messages'), ['job']), legend: '{{job}}' },
        {
          expression: max(series('weir_outbox_oldest_message_seconds'), ['job']),
          legend: '{{job}} oldest',
          unit: 'seconds',
        },
      ],
      runbook: 'weir-outbox-stuck',
    }),
    timeSeries({
      title: 'Published',
      description: 'Messages a second, by topic, and the failures after which a relay began anew, by code.',
      unit: 'perSecond',
      width: 8,
      queries: [
        { expression: sum(rate('weir_outbox_published_messages_total'), ['topic']), legend: '{{topic}}' },
        {
          expression: sum(rate('weir_outbox_failures_total'), ['code']),
          legend: 'failure: {{code}}',
          emptyWhile: 'the relay never failed',
        },
      ],
      runbook: 'weir-outbox-stuck',
    }),
    timeSeries({
      title: 'Relays that publish',
      description: 'Of each app that has an outbox. Usual: exactly one.',
      unit: 'count',
      width: 8,
      queries: [{ expression: sum(series('weir_outbox_publishing'), ['job']), legend: '{{job}}' }],
      runbook: 'weir-outbox-stuck',
    }),
    timeSeries({
      title: 'Calls of operators',
      description: 'What admin-service answers, by status and route.',
      unit: 'perSecond',
      width: 12,
      queries: [
        { expression: sum(rate('weir_admin_requests_total'), ['status', 'route']), legend: '{{status}} {{route}}' },
      ],
      nothing: 'nobody asks',
      links: [document('Guide: tenants and operators', 'guides/tenants.md')],
    }),
    timeSeries({
      title: 'Time of a call, p99',
      description: 'By route. Usual: below a second; plans over many dead letters take longer.',
      unit: 'seconds',
      width: 12,
      queries: [{ expression: quantile(0.99, 'weir_admin_request_duration_seconds', ['route']), legend: '{{route}}' }],
      nothing: 'nobody asks',
    }),
  ],
};
