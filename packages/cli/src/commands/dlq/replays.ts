import type { Command } from 'commander';

import type { Plan, Replay } from '../../api/answers.js';
import { type HttpApi, segment } from '../../api/http-api.js';
import { adminApi, type Context, show } from '../../context.js';
import { EXIT, type ExitCode } from '../../exit-codes.js';
import { UsageFailure } from '../../failures.js';
import { type Shell, subcommand } from '../../shell.js';
import { percent } from '../../terminal/bar.js';
import { confirmed } from '../../terminal/confirm.js';
import { count, counted, duration, NONE, time } from '../../terminal/figures.js';
import { table } from '../../terminal/table.js';
import type { Terminal } from '../../terminal/terminal.js';
import { numeric, whole } from '../arguments.js';
import { doneOf, exitCodeOf, follow, outcomeLines } from './replay-progress.js';
import { selectionOf, type SelectionOptions, withFilter } from './selection.js';

interface ReplayOptions extends SelectionOptions {
  readonly rate?: number;
  readonly canary?: number;
  readonly maxFailed?: number;
  readonly maxLag?: number;
  readonly hash?: string;
  readonly yes?: boolean;
  readonly wait: boolean;
}

const RATE = [0.1, 10_000] as const;
const CANARY = [1, 10_000] as const;
const MAX_LAG = 1e12;
const USUAL = 20;
const MOST = 10_000;

/** Dead letters back into the topics that they came from. */
export function addReplays(dlq: Command, shell: Shell): void {
  withFilter(
    subcommand(dlq, 'plan', 'What a replay would do, and what it would leave out; nothing is changed', [
      ['weir dlq plan --tenant acme --reason database', 'by a filter'],
      ['weir dlq plan 2-17 2-18', 'by ids'],
    ]),
  )
    .argument('[ids...]', 'dead letters, as `weir dlq list` shows them')
    .option('--all', 'every dead letter')
    .option('--rate <n>', 'records a second', numeric(...RATE))
    .action((ids: string[], options: ReplayOptions) => shell.run((context) => plan(context, ids, options)));
  withFilter(
    subcommand(dlq, 'replay', 'Plan, ask, replay, and show how far it is; only what the plan said is replayed', [
      [
        'weir dlq replay --tenant acme --reason database --canary 10',
        'the first ten alone, the rest if all are recovered',
      ],
      ['weir dlq replay --fingerprint 5b1f0c6b --rate 200 --max-lag 10000', 'slowly, and behind live metrics'],
      ['weir dlq replay --reason database --yes', 'without a question, for scripts'],
    ]),
  )
    .argument('[ids...]', 'dead letters, as `weir dlq list` shows them')
    .option('--all', 'every dead letter')
    .option('--hash <hash>', 'of a plan that was made within the last hour: only that is replayed')
    .option('--rate <n>', 'records a second; 500 unless given', numeric(...RATE))
    .option('--canary <n>', 'so many first; the rest if they are recovered', whole(...CANARY))
    .option('--max-failed <share>', 'of the canary that may fail, from 0 to 1; 0 unless given', numeric(0, 1))
    .option('--max-lag <n>', 'wait while metrics-consumer is further behind than so many records', whole(0, MAX_LAG))
    .option('--yes', 'do not ask')
    .option('--no-wait', 'return once it has begun')
    .action((ids: string[], options: ReplayOptions) => shell.run((context) => replay(context, ids, options)));
  subcommand(dlq, 'replays', 'Replays, newest first', [['weir dlq replays', 'the newest twenty']])
    .option('--limit <n>', 'how many at most', whole(1, MOST), USUAL)
    .action((options: { limit: number }) => shell.run((context) => list(context, options.limit)));
  subcommand(dlq, 'watch', 'How far a replay is, until it has ended', [
    ['weir dlq watch $REPLAY', 'exit code 7 unless all is recovered'],
  ])
    .argument('<replay>', 'its id')
    .action((id: string) =>
      shell.run(async (context) => {
        const api = adminApi(context);
        return ended(context, api, await api.get<Replay>(`/api/v1/dlq/replays/${segment(id)}`));
      }),
    );
  addSteering(dlq, shell);
}

const STEERING = [
  ['pause', 'Issue nothing more of a replay until it is resumed'],
  ['resume', 'Go on with all the rest, also where a canary has stopped it'],
  ['cancel', 'Issue nothing more of a replay; what was issued is answered first'],
] as const;

function addSteering(dlq: Command, shell: Shell): void {
  for (const [verb, about] of STEERING)
    subcommand(dlq, verb, about, [[`weir dlq ${verb} $REPLAY`, 'the id, as `weir dlq replays` shows it']])
      .argument('<replay>', 'its id')
      .action((id: string) =>
        shell.run(async (context) => {
          const after = await adminApi(context).send<Replay>('POST', `/api/v1/dlq/replays/${segment(id)}/${verb}`);
          show(context, after, () => replaysTable([after], context.terminal));
        }),
      );
}

async function plan(context: Context, ids: readonly string[], options: ReplayOptions): Promise<void> {
  const planned = await planOf(adminApi(context), ids, options);
  show(context, planned, () => [
    ...planLines(planned, context.terminal),
    ...(planned.records === 0 ? [] : ['', `weir dlq replay --hash ${planned.hash} replays just this.`]),
  ]);
}

async function planOf(api: HttpApi, ids: readonly string[], options: ReplayOptions): Promise<Plan> {
  const { rate } = options;
  const selection = await selectionOf(api, ids, options);
  return api.send('POST', '/api/v1/dlq/replays/plan', { ...selection, ...(rate !== undefined && { rate }) });
}

function planLines(planned: Plan, { width, colors }: Terminal): string[] {
  const { records, excluded, groups, partitions, expectedSeconds } = planned;
  const left = Object.entries(excluded).map(([why, letters]) => `${count(letters)} ${why}`);
  return [
    records === 0
      ? 'Nothing would be replayed.'
      : `${colors.bold(counted(records, 'record'))} would be replayed into ${counted(partitions.length, 'partition')}, in about ${duration(expectedSeconds * 1_000)}.`,
    ...(left.length === 0 ? [] : [`Left out: ${left.join(', ')}.`]),
    ...(groups.length === 0
      ? []
      : table(
          [
            { title: 'RECORDS', align: 'right', importance: 9 },
            { title: 'CLASS/REASON', importance: 8 },
            { title: 'TENANT', importance: 7, least: 8 },
            { title: 'FINGERPRINT', importance: 4, least: 11 },
          ],
          groups.map((group) => [
            count(group.records),
            `${group.class}/${group.reason}`,
            group.tenantId ?? NONE,
            group.fingerprint,
          ]),
          { width, heading: colors.dim },
        )),
  ];
}

async function replay(context: Context, ids: readonly string[], options: ReplayOptions): Promise<ExitCode> {
  const api = adminApi(context);
  const hash = options.hash ?? (await agreedPlan(context, api, ids, options));
  if (hash === null) return EXIT.ok;
  if (options.hash !== undefined) {
    if (ids.length > 0 || isSelective(options))
      throw new UsageFailure('A plan names its dead letters itself: give --hash, or ids or filters, and not both.');
    if (!(await confirmed(context, 'Replay what was planned?', options.yes === true))) return EXIT.ok;
  }
  const { rate, canary, maxFailed, maxLag } = options;
  const begun = await api.send<Replay>('POST', '/api/v1/dlq/replays', {
    hash,
    ...(rate !== undefined && { rate }),
    ...(canary !== undefined && { canary: { records: canary, ...(maxFailed !== undefined && { maxFailed }) } }),
    ...(maxLag !== undefined && { maxLag }),
  });
  if (options.wait) return ended(context, api, begun);
  show(context, begun, () => replaysTable([begun], context.terminal));
  return EXIT.ok;
}

const SELECTING: readonly (keyof SelectionOptions)[] = [
  'tenant',
  'class',
  'reason',
  'fingerprint',
  'schema',
  'topic',
  'partition',
  'from',
  'to',
  'text',
  'state',
  'all',
];

const isSelective = (options: ReplayOptions): boolean => SELECTING.some((name) => options[name] !== undefined);

/** Null where there is nothing to replay, or somebody said no. */
async function agreedPlan(
  context: Context,
  api: HttpApi,
  ids: readonly string[],
  options: ReplayOptions,
): Promise<string | null> {
  const { terminal, json } = context;
  const planned = await planOf(api, ids, options);
  for (const line of planLines(planned, terminal)) terminal.say(line);
  if (planned.records === 0) {
    if (json) terminal.printJson({ replay: null, plan: planned });
    return null;
  }
  const agreed = await confirmed(context, `Replay ${counted(planned.records, 'record')}?`, options.yes === true);
  if (!agreed) terminal.say('Nothing was replayed.');
  return agreed ? planned.hash : null;
}

async function ended(context: Context, api: HttpApi, begun: Replay): Promise<ExitCode> {
  const last = await follow(context, api, begun);
  show(context, last, () => outcomeLines(last, context.terminal));
  return exitCodeOf(last);
}

async function list(context: Context, limit: number): Promise<void> {
  const replays = await adminApi(context).list<Replay>('/api/v1/dlq/replays', {}, limit);
  show(context, replays, () =>
    replays.length === 0 ? ['There was no replay yet.'] : replaysTable(replays, context.terminal),
  );
}

function replaysTable(replays: readonly Replay[], { width, colors }: Terminal): string[] {
  return table(
    [
      { title: 'REPLAY', importance: 9 },
      { title: 'STATE', importance: 8 },
      { title: 'DONE', align: 'right', importance: 7 },
      { title: 'RECORDS', align: 'right', importance: 6 },
      { title: 'OF THEM', importance: 5, least: 14 },
      { title: 'BEGUN', importance: 3 },
    ],
    replays.map((each) => {
      const { id, state, why, records, counts, createdAt } = each;
      const paint = state === 'completed' ? colors.green : state === 'running' ? colors.cyan : colors.yellow;
      const of = Object.entries(counts).map(([what, n]) => `${count(n)} ${what.replaceAll('_', ' ')}`);
      return [
        id,
        { text: why === null ? state : `${state} (${why})`, paint },
        percent(doneOf(each)),
        count(records),
        of.join(', '),
        time(createdAt),
      ];
    }),
    { width, heading: colors.dim },
  );
}
