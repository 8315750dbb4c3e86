import type { Command } from 'commander';

import type { Diagnosis, Letter, LetterGroup, LetterStory, Payload } from '../../api/answers.js';
import { segment } from '../../api/http-api.js';
import { adminApi, type Context, show } from '../../context.js';
import { type Shell, subcommand } from '../../shell.js';
import { ago, bytes, count, NONE, time } from '../../terminal/figures.js';
import { type Cell, table } from '../../terminal/table.js';
import type { Colors, Terminal } from '../../terminal/terminal.js';
import { printable, wrapped } from '../../terminal/text-width.js';
import { whole } from '../arguments.js';
import { decodedLines } from '../messages.js';
import { filterOf, type FilterOptions, withFilter, withGroupFilter } from './selection.js';

const MOST = 100_000;
const USUAL = 20;

/** What failed, why, and one of them closely. */
export function addLetters(dlq: Command, shell: Shell): void {
  withFilter(
    subcommand(dlq, 'list', 'Dead letters, newest first', [
      ['weir dlq list', 'the newest twenty'],
      ['weir dlq list --tenant acme --from 1h --state open', "one tenant's of the last hour"],
      ['weir dlq list --limit 1000 --json', 'for scripts'],
    ]),
  )
    .option('--limit <n>', 'how many at most', whole(1, MOST), USUAL)
    .action((options: FilterOptions & { limit: number }) => shell.run((context) => list(context, options)));
  withGroupFilter(
    subcommand(dlq, 'groups', 'Dead letters by their cause, those seen last first', [
      ['weir dlq groups --state open', 'what is left to do'],
      ['weir dlq groups --tenant acme', "one tenant's"],
    ]),
  )
    .option('--limit <n>', 'how many at most', whole(1, MOST), USUAL)
    .action((options: FilterOptions & { limit: number }) => shell.run((context) => groups(context, options)));
  subcommand(dlq, 'show', 'One dead letter: what is wrong with it, at which byte or field, and what became of it', [
    ['weir dlq show 2-17', 'its place in the DLQ: partition and offset'],
    ['weir dlq show 2-17 --payload', 'what it holds besides, for operators; the look is in the audit'],
  ])
    .argument('<id>', 'as `weir dlq list` shows it')
    .option('--payload', 'key, headers and value besides')
    .action((id: string, options: { payload?: boolean }) =>
      shell.run((context) => one(context, id, options.payload === true)),
    );
}

async function list(
  context: Context,
  { limit, ...options }: FilterOptions & { readonly limit: number },
): Promise<void> {
  const api = adminApi(context);
  const letters = await api.list<Letter>('/api/v1/dlq/messages', await filterOf(api, options), limit);
  show(context, letters, () => lettersTable(letters, context.terminal));
}

function lettersTable(letters: readonly Letter[], { width, colors }: Terminal): string[] {
  if (letters.length === 0) return ['There is no such dead letter.'];
  const nowMs = Date.now();
  return table(
    [
      { title: 'ID', importance: 9 },
      { title: 'STATE', importance: 7 },
      { title: 'CLASS/REASON', importance: 8 },
      { title: 'TENANT', importance: 6, least: 8 },
      { title: 'FAILED AT', importance: 1 },
      { title: 'WHEN', importance: 2 },
      { title: 'ERROR', importance: 3, least: 24, kept: true },
    ],
    letters.map((letter) => [
      letter.id,
      stateCell(letter.state, colors),
      `${letter.class}/${letter.reason}`,
      letter.tenantId ?? NONE,
      `${letter.source.topic}[${letter.source.partition}]@${letter.source.offset}`,
      ago(letter.routedAt, nowMs),
      letter.error,
    ]),
    { width, heading: colors.dim },
  );
}

function stateCell(state: string, { green, yellow, dim, cyan }: Colors): Cell {
  const paint = state === 'recovered' ? green : state === 'discarded' ? dim : state === 'replaying' ? cyan : yellow;
  return { text: state, paint };
}

async function groups(
  context: Context,
  { limit, ...options }: FilterOptions & { readonly limit: number },
): Promise<void> {
  const api = adminApi(context);
  const found = await api.list<LetterGroup>('/api/v1/dlq/groups', await filterOf(api, options), limit);
  const { width, colors } = context.terminal;
  const nowMs = Date.now();
  show(context, found, () =>
    found.length === 0
      ? ['There is no such group.']
      : table(
          [
            { title: 'FINGERPRINT', importance: 4, least: 11, kept: true },
            { title: 'CLASS/REASON', importance: 8 },
            { title: 'TENANT', importance: 6, least: 8 },
            { title: 'RECORDS', importance: 9 },
            { title: 'LAST SEEN', importance: 2 },
            { title: 'FIRST SEEN', importance: 1 },
            { title: 'ERROR', importance: 3, least: 20, kept: true },
          ],
          found.map((group) => [
            group.fingerprint,
            `${group.class}/${group.reason}`,
            group.tenantId ?? NONE,
            {
              text: recordsOf(group),
              paint:
                group.counts['open'] === undefined && group.counts['failed_again'] === undefined
                  ? String
                  : colors.yellow,
            },
            ago(group.lastSeen, nowMs),
            ago(group.firstSeen, nowMs),
            group.error,
          ]),
          { width, heading: colors.dim },
        ),
  );
}

function recordsOf({ counts, cameBack }: LetterGroup): string {
  const said = Object.entries(counts).map(([state, records]) => `${count(records)} ${state.replaceAll('_', ' ')}`);
  return `${said.join(', ')}${cameBack ? ' (came back)' : ''}`;
}

async function one(context: Context, id: string, payload: boolean): Promise<void> {
  const api = adminApi(context);
  const path = `/api/v1/dlq/messages/${segment(id)}`;
  const [letter, diagnosis, held] = await Promise.all([
    api.get<LetterStory>(path),
    api.get<Diagnosis>(`${path}/diagnosis`),
    payload ? api.get<Payload>(`${path}/payload`) : null,
  ]);
  show(context, { ...letter, diagnosis, ...(held !== null && { payload: held }) }, () => [
    ...storyLines(letter, context.terminal),
    ...findingLines(diagnosis, context.terminal),
    ...(held === null ? [] : payloadLines(held, context.terminal)),
  ]);
}

const LABEL = 14;

function storyLines(letter: LetterStory, { width, colors }: Terminal): string[] {
  const { source, discarded, replays } = letter;
  const fact = (label: string, text: string): string[] =>
    wrapped(printable(text), width - LABEL).map((line, at) => colors.dim((at === 0 ? label : '').padEnd(LABEL)) + line);
  const soon = letter.expiresSoon ? ' (soon)' : '';
  return [
    `${colors.bold(letter.id)}  ${letter.state}  ${letter.class}/${letter.reason}`,
    ...fact('error', letter.error),
    ...fact('tenant', letter.tenantId ?? NONE),
    ...fact(
      'failed at',
      `${source.topic}[${source.partition}] offset ${source.offset}, appended ${time(source.appendedAt)}`,
    ),
    ...fact(
      'dead letter',
      `${time(letter.routedAt)}, by ${letter.consumerGroup}; Kafka deletes it ${time(letter.expiresAt)}${soon}`,
    ),
    ...fact(
      'value',
      `${letter.valueBytes === null ? 'none' : bytes(letter.valueBytes)}, schema ${letter.schemaId ?? NONE}`,
    ),
    ...fact('group', letter.fingerprint),
    ...fact(
      'replayed',
      replays.length === 0
        ? 'never'
        : replays
            .map(({ replayId, answer, outcome }) => `${outcome ?? answer ?? 'under way'} (${replayId})`)
            .join(', '),
    ),
    ...(letter.recoveredAt === null ? [] : fact('recovered', time(letter.recoveredAt))),
    ...(discarded === null ? [] : fact('discarded', `${time(discarded.at)} by ${discarded.by}: ${discarded.reason}`)),
  ];
}

const findingLines = ({ findings }: Diagnosis, { width, colors }: Terminal): string[] => [
  '',
  ...(findings.length === 0
    ? ['Nothing is found to be wrong with it.']
    : findings.flatMap(({ code, detail }) => [
        colors.yellow(code),
        ...wrapped(printable(detail), width - 2).map((line) => `  ${line}`),
      ])),
];

function payloadLines({ key, value, headers, examination }: Payload, { colors }: Terminal): string[] {
  const decoded = examination?.decoded;
  return [
    '',
    `${colors.dim('key')} ${textOf(key)}`,
    ...headers.map((header) => `${colors.dim('header')} ${printable(header.key)}=${textOf(header.value)}`),
    ...(decoded === undefined ? [textOf(value)] : decodedLines(decoded, value?.hex ?? '', colors)),
  ];
}

const textOf = (held: Payload['key']): string => (held === null ? NONE : printable(held.text ?? `0x${held.hex}`));
