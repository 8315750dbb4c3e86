import type { Check } from '../api/answers.js';
import { count, counted, duration } from '../terminal/figures.js';
import { type AppSnapshot, type Snapshot, unsettledOf } from './snapshot.js';

/**
 * What is wrong, by what it means for a metric. `lost`: the promise is broken, or cannot be kept. `refused`: it is not taken in, or not
 * answered. `delayed`: it is taken in, and stored later. `unknown`: that part could not be looked at. `note`: nothing is wrong with it, and somebody should know.
 */
type Kind = 'lost' | 'refused' | 'delayed' | 'degraded' | 'unknown' | 'note';

export interface Finding {
  readonly kind: Kind;
  readonly text: string;
}

export interface Verdict {
  readonly status: 'healthy' | 'degraded' | 'unhealthy';
  /** The worst first. */
  readonly findings: readonly Finding[];
}

/** How long records may wait to be stored before they count as delayed. */
const BEHIND_MS = 60_000;
const ORDER: readonly Kind[] = ['lost', 'refused', 'delayed', 'degraded', 'unknown', 'note'];
const UNHEALTHY = new Set<Kind>(['lost', 'refused', 'delayed']);

export function verdictOf(snapshot: Snapshot): Verdict {
  const findings = [
    ...ofTopics(snapshot),
    ...ofLedger(snapshot),
    ...ofKafka(snapshot),
    ...snapshot.apps.flatMap(ofApp),
    ...ofUnknown(snapshot),
    ...ofBreaker(snapshot),
    ...ofGroups(snapshot),
    ...ofParts(snapshot),
    ...ofLetters(snapshot),
  ].toSorted((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
  const bad = findings.filter(({ kind }) => kind !== 'note');
  const status = bad.some(({ kind }) => UNHEALTHY.has(kind)) ? 'unhealthy' : bad.length > 0 ? 'degraded' : 'healthy';
  return { status, findings };
}

function ofTopics({ topics: { found } }: Snapshot): Finding[] {
  return (found ?? []).flatMap(({ name, status, drift, offlinePartitions, underReplicatedPartitions }): Finding[] => {
    if (status === 'missing')
      return [{ kind: 'refused', text: `the topic ${name} is missing: weir topics create makes it` }];
    const findings: Finding[] = [];
    if (offlinePartitions > 0)
      findings.push({
        kind: 'refused',
        text: `${counted(offlinePartitions, 'partition')} of ${name} without a leader`,
      });
    if (underReplicatedPartitions > 0)
      findings.push({
        kind: 'degraded',
        text: `${counted(underReplicatedPartitions, 'partition')} of ${name} with fewer replicas in sync than there are`,
      });
    if (drift.length > 0)
      findings.push({
        kind: 'degraded',
        text: `the topic ${name} is not as it should be: ${drift.map(({ setting }) => setting).join(', ')}`,
      });
    return findings;
  });
}

function ofLedger({ ledger: { found } }: Snapshot): Finding[] {
  if (found === null) return [];
  const findings: Finding[] = [];
  if (!found.balanced)
    findings.push({ kind: 'lost', text: 'the ledger does not add up: docs/guides/ledger.md says where to look' });
  const { expired } = found.counts;
  // Since the ledger began: whether it goes on is what the alerts tell.
  if (expired > 0)
    findings.push({ kind: 'note', text: `${counted(expired, 'record')} expired before anybody read them, so far` });
  return findings;
}

/** What it means for metrics that an app takes no work. */
const WITHOUT: Readonly<Record<AppSnapshot['app'], Finding>> = {
  'ingest-api': { kind: 'refused', text: 'metrics are refused' },
  'metrics-consumer': { kind: 'delayed', text: 'metrics wait in Kafka and are not stored' },
  'dlq-replayer': { kind: 'delayed', text: 'replays do not move' },
  'admin-service': { kind: 'refused', text: 'operators get no answer' },
  'query-api': { kind: 'refused', text: 'queries get no answer' },
};

/** Said once for all apps: without brokers no metric is taken in, and none is stored. */
function ofKafka({ apps }: Snapshot): Finding[] {
  const without = apps.filter(({ failing }) => failing['kafka']?.status === 'unhealthy').map(({ app }) => app);
  if (without.length === 0) return [];
  const text = `Kafka does not answer to ${without.join(', ')}`;
  if (without.includes('ingest-api')) return [{ kind: 'refused', text: `metrics are refused: ${text}` }];
  return [{ kind: without.includes('metrics-consumer') ? 'delayed' : 'degraded', text }];
}

function ofApp({ app, status, failing, problem }: AppSnapshot): Finding[] {
  const { kind, text } = WITHOUT[app];
  if (status === 'away') return [{ kind, text: `${text}: ${problem ?? `${app} does not answer`}` }];
  const told = Object.fromEntries(
    Object.entries(failing).filter(([name, check]) => name !== 'kafka' || check.status !== 'unhealthy'),
  );
  if (status === 'unhealthy') return [{ kind, text: `${text}: ${app}: ${inWords(failing)}` }];
  return Object.keys(told).length === 0 ? [] : [{ kind: 'degraded', text: `${app}: ${inWords(told)}` }];
}

function ofUnknown({ apps }: Snapshot): Finding[] {
  const unknown = apps.filter(({ status }) => status === 'unknown').map(({ app }) => app);
  return unknown.length === 0 ? [] : [{ kind: 'unknown', text: `nothing says where these are: ${unknown.join(', ')}` }];
}

/** The checks that fail, and what they say. */
export function inWords(failing: Readonly<Record<string, Check>>): string {
  const said = Object.entries(failing).map(([name, check]) => {
    const why = detailOf(check);
    return why === null ? name : `${name} (${why})`;
  });
  return said.join(', ');
}

function detailOf(check: Check): string | null {
  for (const name of ['error', 'reason', 'problem', 'code', 'cause', 'detail']) {
    const said = check[name];
    if (typeof said === 'string') return said;
  }
  const missing = check['missing_topics'];
  if (Array.isArray(missing) && missing.length > 0) return `missing: ${missing.join(', ')}`;
  return check['enabled'] === false ? 'Kafka is disabled' : null;
}

function ofBreaker({ breaker: { found } }: Snapshot): Finding[] {
  if (found === null || found.open === null) return [];
  const { cause, detail } = found.open;
  return [{ kind: 'delayed', text: `the breaker is open and nothing is stored: ${cause}, ${detail}` }];
}

function ofGroups({ groups: { found } }: Snapshot): Finding[] {
  return (found ?? []).flatMap(({ groupId, lag, behindMs, members }): Finding[] => {
    if (lag === null || lag === 0) return [];
    if (behindMs === null)
      return [
        { kind: 'unknown', text: `${groupId} has ${counted(lag, 'record')} to read, and since when is not known` },
      ];
    if (behindMs < BEHIND_MS) return [];
    const alone = members === 0 ? ', and has no member' : '';
    return [
      { kind: 'delayed', text: `${groupId} is ${duration(behindMs)} behind (${counted(lag, 'record')})${alone}` },
    ];
  });
}

/** Of an app that is away it is told already, and once, what cannot be seen without it. */
function ofParts({ apps, topics, groups, ledger, breaker, deadLetters, replays, tenants }: Snapshot): Finding[] {
  const there = (app: AppSnapshot['app']): boolean =>
    apps.some((each) => each.app === app && each.status !== 'away' && each.status !== 'unknown');
  const told = [
    ...(there('admin-service') ? [topics, groups, deadLetters, replays, tenants] : []),
    ...(there('metrics-consumer') ? [ledger, breaker] : []),
  ];
  const problems = told.flatMap(({ problem }) => (problem === null ? [] : [problem]));
  return [...new Set(problems)].map((text) => ({ kind: 'unknown', text }));
}

function ofLetters({ deadLetters: { found }, replays }: Snapshot): Finding[] {
  const findings: Finding[] = [];
  const unsettled = found === null ? 0 : unsettledOf(found.counts);
  if (unsettled > 0)
    findings.push({ kind: 'note', text: `${counted(unsettled, 'dead letter')} to look at: weir dlq groups` });
  for (const { id, state, why } of replays.found ?? [])
    if (state === 'paused') findings.push({ kind: 'note', text: `the replay ${id} is paused (${why ?? 'operator'})` });
  const running = (replays.found ?? []).filter(({ state }) => state === 'running').length;
  if (running > 0)
    findings.push({ kind: 'note', text: `${count(running)} ${running === 1 ? 'replay runs' : 'replays run'}` });
  return findings;
}
