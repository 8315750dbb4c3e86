import { bar, percent } from '../terminal/bar.js';
import { ago, count, counted, duration, NONE, time } from '../terminal/figures.js';
import { type Cell, table } from '../terminal/table.js';
import type { Colors } from '../terminal/terminal.js';
import { cut, printable, widthOf } from '../terminal/text-width.js';
import { type AppSnapshot, type GroupSnapshot, type Looked, type Snapshot, unsettledOf } from './snapshot.js';
import { type Finding, inWords, type Verdict } from './verdict.js';

interface Look {
  readonly width: number;
  readonly colors: Colors;
}

const LABEL = 14;
const SHOWN_GROUPS = 5;
const BAR = 20;
/** What is left to do about dead letters first. */
const STATES = ['open', 'failed_again', 'parked', 'replaying', 'recovered', 'discarded'];

/** The whole system on one screen: the verdict in the first line, then part after part. */
export function renderStatus(snapshot: Snapshot, verdict: Verdict, given: Look): string[] {
  const { apps, groups } = snapshot;
  return [
    ...headline(snapshot, verdict, given),
    '',
    ...appsTable(apps, given),
    '',
    ...kafkaLines(snapshot, given),
    ...storeLines(snapshot, given),
    ...lettersLines(snapshot, given),
    ...replayLines(snapshot, given),
    fact('Tenants', orProblem(snapshot.tenants, tenantsInWords), given),
    '',
    ...(groups.found === null ? [fact('Groups', groups.problem, given)] : groupsTable(groups.found, given)),
  ];
}

/** `● healthy`, and each finding on a line of its own. */
function headline({ at }: Snapshot, { status, findings }: Verdict, { width, colors }: Look): string[] {
  const signs = {
    healthy: colors.green('● healthy'),
    degraded: colors.yellow('▲ degraded'),
    unhealthy: colors.red('✖ unhealthy'),
  };
  const [first, ...rest] = findings;
  const plain = `● ${status}`;
  const room = width - widthOf(plain) - 2;
  const begins = first === undefined ? '' : `: ${cut(printable(first.text), room)}`;
  const stamp = time(at);
  const fits = Number.isFinite(width) ? width - widthOf(plain) - widthOf(begins) - stamp.length : 2;
  const right = fits >= 2 ? ' '.repeat(fits) + colors.dim(stamp) : '';
  return [
    `${colors.bold(signs[status])}${first === undefined ? '' : paintOf(first, colors)(begins)}${right}`,
    ...rest.map((finding) => paintOf(finding, colors)(cut(`  ${printable(finding.text)}`, width))),
  ];
}

function paintOf({ kind }: Finding, colors: Colors): (text: string) => string {
  if (kind === 'note') return colors.cyan;
  return kind === 'degraded' || kind === 'unknown' ? colors.yellow : colors.red;
}

function appsTable(apps: readonly AppSnapshot[], { width, colors }: Look): string[] {
  const signOf = (status: AppSnapshot['status']): Cell => {
    if (status === 'healthy') return { text: status, paint: colors.green };
    return { text: status, paint: status === 'degraded' || status === 'unknown' ? colors.yellow : colors.red };
  };
  return table(
    [
      { title: 'APP', importance: 9 },
      { title: 'STATUS', importance: 9 },
      { title: 'VERSION', importance: 1 },
      { title: 'ADDRESS', importance: 2 },
      { title: 'WHAT IS WRONG', importance: 3, least: 24, kept: true, optional: true },
    ],
    apps.map(({ app, status, version, url, failing }) => [
      app,
      signOf(status),
      version ?? NONE,
      url ?? NONE,
      inWords(failing),
    ]),
    { width, heading: colors.dim },
  );
}

function kafkaLines({ brokers, topics }: Snapshot, given: Look): string[] {
  const own = (topics.found ?? []).filter(({ status }) => status !== 'foreign');
  const there = own.filter(({ status }) => status !== 'missing');
  const rate = there.reduce((sum, { messagesPerSecond }) => sum + (messagesPerSecond ?? 0), 0);
  const inWord = brokers === null ? 'brokers unknown' : counted(brokers, 'broker');
  const of = `${count(there.length)} of ${counted(own.length, 'topic')} there, ${count(Math.round(rate * 10) / 10)} messages/s`;
  return [fact('Kafka', `${inWord}; ${topics.found === null ? topics.problem : of}`, given)];
}

function storeLines({ ledger, breaker }: Snapshot, given: Look): string[] {
  const { colors } = given;
  const counts = orProblem(ledger, ({ balanced, counts: of }) => {
    const sum = balanced ? 'balanced' : 'DOES NOT ADD UP';
    const expired = of.expired === 0 ? '' : `, ${count(of.expired)} expired unread (lost)`;
    const skipped = of.skipped === 0 ? '' : `, ${count(of.skipped)} skipped`;
    return `${sum}: ${count(of.stored)} stored, ${count(of.dead_lettered)} dead-lettered, ${count(of.gap)} empty${expired}${skipped}`;
  });
  const bad = ledger.found !== null && (!ledger.found.balanced || ledger.found.counts.expired > 0);
  const state = orProblem(breaker, ({ open }) =>
    open === null ? 'closed' : `OPEN since ${time(open.since)}: ${open.cause}, ${open.detail}`,
  );
  return [
    fact('Ledger', counts, given, bad ? colors.red : undefined),
    fact('Breaker', state, given, breaker.found?.open ? colors.red : undefined),
  ];
}

function lettersLines({ deadLetters, at }: Snapshot, given: Look): string[] {
  const { found } = deadLetters;
  if (found === null) return [fact('Dead letters', deadLetters.problem, given)];
  const { counts, groups, oldest } = found;
  const states = STATES.flatMap((state) => (counts[state] === undefined ? [] : [[state, counts[state]] as const]));
  const said = states.map(([state, records]) => `${count(records)} ${state.replaceAll('_', ' ')}`).join(', ');
  const since = oldest === null ? '' : `; the oldest cause ${ago(oldest, Date.parse(at))}`;
  const rest = groups.length - SHOWN_GROUPS;
  return [
    fact(
      'Dead letters',
      said === '' ? 'none' : said + since,
      given,
      unsettledOf(counts) > 0 ? given.colors.yellow : undefined,
    ),
    ...groups.slice(0, SHOWN_GROUPS).map((group) => {
      const who = group.tenantId === null ? '' : ` ${group.tenantId}`;
      const again = group.cameBack ? ' (came back)' : '';
      return fact(
        '',
        `${count(unsettledOf(group.counts))} ${group.class}/${group.reason}${who}${again}: ${group.error}`,
        given,
        given.colors.dim,
      );
    }),
    ...(rest > 0 ? [fact('', `${counted(rest, 'more cause')}: weir dlq groups`, given, given.colors.dim)] : []),
  ];
}

function replayLines({ replays }: Snapshot, given: Look): string[] {
  if (replays.found === null) return [fact('Replays', replays.problem, given)];
  if (replays.found.length === 0) return [fact('Replays', 'none under way', given)];
  return replays.found.map(({ id, state, why, heldBy, records, counts }, at) => {
    const pending = (counts['waiting'] ?? 0) + (counts['issued'] ?? 0) + (counts['published'] ?? 0);
    const done = records === 0 ? 1 : (records - pending) / records;
    const held = [why, heldBy].filter((each) => each !== null).join(', ');
    const about = held === '' ? state : `${state} (${held})`;
    return fact(
      at === 0 ? 'Replays' : '',
      `${bar(done, BAR)} ${percent(done)} of ${count(records)}  ${about}  ${id}`,
      given,
    );
  });
}

/** Groups, how far they are behind, and who reads. */
export function groupsTable(groups: readonly GroupSnapshot[], { width, colors }: Look): string[] {
  if (groups.length === 0) return [colors.dim('No consumer group has members or lag.')];
  return table(
    [
      { title: 'CONSUMER GROUP', importance: 9, least: 16 },
      { title: 'STATE', importance: 3 },
      { title: 'MEMBERS', align: 'right', importance: 5 },
      { title: 'LAG', align: 'right', importance: 8 },
      { title: 'BEHIND', align: 'right', importance: 8 },
    ],
    groups.map(({ groupId, state, members, lag, behindMs }) => [
      groupId,
      state,
      members === 0 ? { text: '0', paint: colors.yellow } : count(members),
      lag === null ? NONE : { text: count(lag), paint: lag === 0 ? colors.green : colors.yellow },
      lag === 0 || behindMs === null ? NONE : duration(behindMs),
    ]),
    { width, heading: colors.dim },
  );
}

function tenantsInWords(counts: Readonly<Record<string, number>>): string {
  const said = Object.entries(counts).map(([state, tenants]) => `${count(tenants)} ${state}`);
  return said.length === 0 ? 'none yet' : said.join(', ');
}

function orProblem<T>({ found, problem }: Looked<T>, inWord: (found: T) => string): string {
  return found === null ? (problem ?? '') : inWord(found);
}

/** A line that says one thing about one part. */
function fact(label: string, text: string, { width, colors }: Look, paint: (text: string) => string = String): string {
  return `${colors.dim(label.padEnd(LABEL))}${paint(cut(printable(text), width - LABEL))}`;
}
