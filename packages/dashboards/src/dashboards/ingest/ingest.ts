import { type BoardMaker, makeBoard, type Section } from '../../board.js';
import { stat } from '../../panels/stat.js';
import { min, quantile, rate, series, share, sum } from '../../promql.js';
import { words } from '../../theme.js';
import { instances, several } from '../../variables.js';
import { processes } from '../processes.js';
import { work } from './answers.js';
import { here } from './selected.js';
import { byTenant, refused } from './tenants.js';

const now: Section = {
  panels: [
    stat({
      title: 'Samples accepted',
      description: 'Samples a second that were accepted: Kafka holds them. Usual: as yesterday at this time.',
      unit: 'samplesPerSecond',
      width: 4,
      expression: sum(rate('weir_ingest_samples_total', { ...here, verdict: 'accepted' })),
      runbook: 'kafka-message-rate-low',
    }),
    stat({
      title: 'Requests',
      description: 'Ingest requests a second that were answered, whatever the answer was.',
      unit: 'requestsPerSecond',
      width: 4,
      expression: sum(rate('weir_ingest_requests_total', here)),
    }),
    stat({
      title: 'Requests refused',
      description: 'Part of the requests that was refused whole. Usual: 0. By code and by tenant it is below.',
      unit: 'ratio',
      width: 4,
      expression: share(
        sum(rate('weir_ingest_rejected_requests_total', here)),
        sum(rate('weir_ingest_requests_total', here)),
      ),
      limits: { warning: 0.0005, bad: 0.05 },
      runbook: 'weir-tenant-near-limit',
    }),
    stat({
      title: 'Answer, p99',
      description:
        'One request in a hundred takes this long or longer. Usual: below 50 ms. Most of it is Kafka: see below.',
      unit: 'seconds',
      width: 4,
      expression: quantile(0.99, 'weir_ingest_request_duration_seconds', [], here),
      limits: { warning: 0.25, bad: 1 },
      runbook: 'kafka-producer-high-latency',
    }),
    stat({
      title: 'In flight',
      description: 'Requests being worked on now, in all instances together.',
      unit: 'count',
      width: 4,
      expression: sum(series('weir_ingest_in_flight_requests', here)),
    }),
    stat({
      title: 'Limits of tenants',
      description:
        'Whether instances count the limits of tenants together, through Redis. Alone each lets through a whole limit: a tenant gets as many times its limit as there are instances, never less.',
      unit: 'state',
      width: 4,
      expression: min(series('weir_ingest_limits_shared', here)),
      mappings: [words({ 1: ['shared', 'good'], 0: ['each alone', 'calm'] })],
      runbook: 'weir-redis-down',
    }),
  ],
};

export const ingest: BoardMaker = (docsUrl) =>
  makeBoard(
    {
      name: 'ingest',
      description: 'What ingest-api takes in and refuses, for whom and why, and how fast it answers.',
      variables: [
        instances('ingest-api'),
        several({ name: 'tenant', label: 'Tenant', of: 'weir_ingest_tenant_samples_total', values: 'tenant' }),
      ],
      sections: [now, byTenant, refused, work, processes('ingest-api')],
    },
    docsUrl,
  );
