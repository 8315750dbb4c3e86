import { board, document } from '../../links.js';
import { stat } from '../../panels/stat.js';
import { table } from '../../panels/table.js';
import { counted, idleIsZero, labelled, like, max, not, orZero, rate, series, share, sum, top } from '../../promql.js';
import { noBelow } from '../../theme.js';
import { ownTopics, rawTopic } from '../../topics.js';

const LOST = like('expired|skipped');
const UNKNOWN = 'Unknown';

export const lost = stat({
  title: 'Is data being lost?',
  description:
    'Records of metrics.raw that retention deleted before anyone read them, that an operator skipped, or that the ledger cannot account for, in the shown time. Usual: No. Otherwise the table below says where; the runbook, what to do first. Unknown: metrics-consumer does not answer. Kafka still has what waits.',
  unit: 'lost',
  width: 8,
  expression: `${orZero(counted('weir_ledger_offsets_total', [], { outcome: LOST }))} + ${max(series('weir_ledger_unbalanced_partitions'))}`,
  limits: { bad: 0.5 },
  mappings: [noBelow(0.5)],
  decimals: 0,
  loud: true,
  nothing: UNKNOWN,
  runbook: 'weir-records-expired',
  links: [board('ledger')],
});

export const delayed = stat({
  title: 'Is data being delayed?',
  description:
    'Age of the oldest accepted sample that is not in the store yet. Usual: No, which is below 10 s; the objective is that 99.9% are stored within 30 s. Otherwise the table below says which group waits, and for what. Unknown: neither admin-service nor metrics-consumer tells.',
  unit: 'seconds',
  width: 8,
  expression: max(series('weir:lag_seconds:max', { topic: rawTopic })),
  limits: { warning: 10, bad: 30 },
  mappings: [noBelow(10)],
  decimals: 0,
  loud: true,
  nothing: UNKNOWN,
  runbook: 'weir-storage-behind',
  links: [board('kafka')],
});

const requests = sum(rate('weir_ingest_requests_total'));
const samples = sum(rate('weir_ingest_samples_total'));
const refusedRequests = share(sum(rate('weir_ingest_rejected_requests_total')), idleIsZero(requests, 'ingest-api'));
const refusedSamples = share(sum(rate('weir_ingest_samples_total', { verdict: not('accepted') })), samples);

export const refused = stat({
  title: 'Is data being refused?',
  description:
    'About which part of what tenants send is not accepted: requests that are refused whole, and samples refused alone in the others. Senders are told so, with a code. Usual: No, which is below 0.05%. Otherwise the table below says whose and why: most codes are for the tenant to mend, 503 are ours. Unknown: ingest-api does not answer.',
  unit: 'ratio',
  width: 8,
  expression: `1 - (1 - ${refusedRequests}) * (1 - ${refusedSamples})`,
  limits: { warning: 0.0005, bad: 0.05 },
  mappings: [noBelow(0.0005)],
  loud: true,
  nothing: UNKNOWN,
  runbook: 'weir-tenant-near-limit',
  links: [board('ingest')],
});

export const lostWhat = table({
  title: 'What is lost, and where',
  description:
    'By topic: expired was deleted by retention before anyone read it; skipped was passed over by an operator; unbalanced are partitions whose ledger does not add up. Usual: nothing. See the guide to the ledger.',
  unit: 'count',
  width: 8,
  height: 7,
  labels: [
    { label: 'topic', name: 'Topic' },
    { label: 'outcome', name: 'What' },
  ],
  values: [
    {
      name: 'How many',
      expression: `${counted('weir_ledger_offsets_total', ['topic', 'outcome'], { outcome: LOST })} > 0 or ${labelled(max(series('weir_ledger_unbalanced_partitions')), 'outcome', 'unbalanced')} > 0`,
      decimals: 0,
    },
  ],
  nothing: 'none seen',
  emptyWhile: 'nothing is lost',
  runbook: 'weir-ledger-unbalanced',
  links: [document('Guide: the ledger', 'guides/ledger.md')],
});

const waiting = `topk by (group) (1, ${max(`${series('weir_consumer_waiting')} == 1`, ['group', 'reason'])})`;
const ours = { topic: ownTopics };
const lag = series('weir:lag_seconds:max', ours);
export const delayedWhom = table({
  title: 'Who waits, and for what',
  description:
    'Consumer groups by the age of their oldest record that is not settled, how many records they have before them, and the reason for which a group reads nothing: the code of a fault, or paused. Usual: a few seconds, no reason. An age that grows without a reason: too little consumers.',
  unit: 'seconds',
  width: 8,
  height: 7,
  labels: [
    { label: 'group', name: 'Group' },
    { label: 'topic', name: 'Topic' },
    { label: 'reason', name: 'Waits for' },
  ],
  values: [
    {
      name: 'Oldest',
      expression: top(15, `${lag} * on (group) group_left (reason) ${waiting} or on (group, topic) ${lag}`),
      unit: 'seconds',
      limits: { warning: 10, bad: 30 },
      decimals: 0,
    },
    { name: 'Records', expression: top(15, series('weir:lag_records:sum', ours)), unit: 'count' },
  ],
  sortBy: 'Oldest',
  runbook: 'kafka-consumer-lag',
  links: [board('consumer')],
});

const byTenant = counted('weir_ingest_tenant_refused_requests_total', ['tenant', 'code']);
const byCodeAlone = `${counted('weir_ingest_rejected_requests_total', ['code'])} unless on (code) ${byTenant}`;
export const refusedWhom = table({
  title: 'Whose is refused, and why',
  description:
    'In the shown time, by tenant and code: requests refused whole, and samples refused alone. Before a tenant is known (no key, a wrong one) or where its code is no limit, requests are "any". docs/reference/errors.md explains the codes. A click opens the tenant.',
  unit: 'count',
  width: 8,
  height: 7,
  labels: [
    { label: 'tenant', name: 'Tenant', link: board('tenant', { tenant: '${__value.raw}' }) },
    { label: 'code', name: 'Code' },
  ],
  values: [
    {
      name: 'Requests',
      expression: top(20, `(${byTenant} or ${labelled(byCodeAlone, 'tenant', 'any')}) > 0`),
      decimals: 0,
    },
    {
      name: 'Samples',
      expression: top(20, `${counted('weir_ingest_tenant_rejected_samples_total', ['tenant', 'code'])} > 0`),
      decimals: 0,
    },
  ],
  sortBy: 'Requests',
  nothing: 'none seen',
  links: [document('Codes', 'reference/errors.md'), board('ingest')],
});
