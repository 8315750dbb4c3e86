import { type Command, Option } from 'commander';

import type { Topic, TopicDetail } from '../api/answers.js';
import { type Context, show } from '../context.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { type Cluster, type EnsuredTopics, withCluster } from '../kafka/cluster.js';
import { type Shell, subcommand } from '../shell.js';
import { count, counted, NONE } from '../terminal/figures.js';
import { type Cell, table } from '../terminal/table.js';
import type { Colors, Terminal } from '../terminal/terminal.js';
import { printable, wrapped } from '../terminal/text-width.js';

/** Columns of a text that is read as one. */
const READABLE = 100;

interface TopicsOptions {
  readonly prefix?: string;
  readonly all?: boolean;
  readonly partitions?: boolean;
  readonly settings?: boolean;
  readonly kafka?: boolean;
}

/** `--kafka`, where a command has it. */
export const kafkaOption = (): Option =>
  new Option('--kafka', 'ask the brokers themselves (KAFKA_*), where admin-service is away');

export function addTopics(program: Command, shell: Shell): void {
  const topics = subcommand(program, 'topics', 'Topics, and how they compare with the registry of topics', [
    ['weir topics', "Weir's topics"],
    ['weir topics metrics.raw', 'partitions, leader, replicas, those in sync, and settings'],
    ['weir topics --prefix metrics. --partitions', 'every partition of several topics'],
    ['weir topics --all --kafka', "everybody's, from the brokers themselves"],
    ['weir topics create', 'make what the registry names and is missing'],
  ])
    .argument('[topic]', 'one topic, with all that is known of it')
    .option('--prefix <text>', 'only topics whose name begins so')
    .option('--all', "everybody's topics, and not only Weir's")
    .option('--partitions', 'every partition, with leader, replicas and those in sync')
    .option('--settings', "of one topic, also the settings that are the brokers' defaults")
    .addOption(kafkaOption())
    .action((name: string | undefined, options: TopicsOptions) =>
      shell.run((context) =>
        withCluster(context, options.kafka === true, (cluster) =>
          name === undefined ? list(context, cluster, options) : one(context, cluster, name, options.settings === true),
        ),
      ),
    );
  subcommand(
    topics,
    'create',
    'Make the topics that the registry names and are missing; what is there is never altered',
    [
      ['weir topics create', 'by admin-service, into the audit'],
      ['weir topics create --kafka', 'before any app runs'],
    ],
  )
    .addOption(kafkaOption())
    .action((_: unknown, command: Command) =>
      shell.run((context) =>
        withCluster(context, command.optsWithGlobals<TopicsOptions>().kafka === true, async (cluster) =>
          created(context, await cluster.ensureTopics()),
        ),
      ),
    );
}

async function list(
  context: Context,
  cluster: Cluster,
  { prefix = '', all = false, partitions = false }: TopicsOptions,
): Promise<void> {
  const topics = (await cluster.topics(all)).filter(({ name }) => name.startsWith(prefix));
  if (!partitions) return show(context, topics, () => topicsTable(topics, context.terminal));
  const details: TopicDetail[] = [];
  for (const { name } of topics) details.push(await cluster.topic(name));
  show(context, details, () =>
    details.flatMap((topic) => [`${topic.name}  ${topic.status}`, ...partitionsTable(topic, context.terminal), '']),
  );
}

async function one(context: Context, cluster: Cluster, name: string, all: boolean): Promise<void> {
  const topic = await cluster.topic(name);
  const { terminal } = context;
  const { colors, width } = terminal;
  show(context, topic, () => [
    ...topicsTable([topic], terminal),
    ...(topic.why === null
      ? []
      : ['', ...wrapped(printable(topic.why), Math.min(width, READABLE)).map(colors.dim), ...roles(topic, colors)]),
    '',
    ...partitionsTable(topic, terminal),
    '',
    ...settingsTable(topic, all, terminal),
  ]);
}

function settingsTable({ settings }: TopicDetail, all: boolean, { width, colors }: Terminal): string[] {
  const entries = Object.entries(settings);
  const shown = entries.filter(([, { overridden }]) => all || overridden);
  const hidden = entries.length - shown.length;
  return [
    ...table(
      [{ title: 'SETTING' }, { title: 'VALUE', least: 10, importance: 4 }, { title: '', optional: true }],
      shown.map(([setting, { value, overridden }]) => [
        setting,
        value,
        all ? (overridden ? 'set on the topic' : { text: 'default', paint: colors.dim }) : '',
      ]),
      { width, heading: colors.dim },
    ),
    ...(hidden > 0 ? [colors.dim(`The other ${count(hidden)} are the brokers' defaults: --settings shows them.`)] : []),
  ];
}

const roles = ({ writtenBy, readBy }: TopicDetail, colors: Colors): string[] => [
  colors.dim(`written by ${writtenBy.join(', ') || NONE}; read by ${readBy.join(', ') || NONE}`),
];

function topicsTable(topics: readonly Topic[], { width, colors }: Terminal): string[] {
  if (topics.length === 0) return ['No topic has such a name.'];
  const measured = topics.some(({ messagesPerSecond }) => messagesPerSecond !== null);
  return table(
    [
      { title: 'TOPIC', importance: 9, least: 16 },
      { title: 'STATUS', importance: 8 },
      { title: 'PARTITIONS', align: 'right', importance: 6 },
      { title: 'REPLICAS', align: 'right', importance: 5 },
      { title: 'OFFSETS', align: 'right', importance: 4 },
      ...(measured ? [{ title: 'MESSAGES/S', align: 'right', importance: 3 } as const] : []),
      { title: 'WHAT IS WRONG', importance: 1, least: 24, kept: true, optional: true },
    ],
    topics.map((topic) => [
      topic.name,
      statusCell(topic, colors),
      count(topic.partitions),
      count(topic.replicationFactor),
      count(topic.offsets),
      ...(measured ? [topic.messagesPerSecond === null ? NONE : String(topic.messagesPerSecond)] : []),
      wrong(topic),
    ]),
    { width, heading: colors.dim },
  );
}

function statusCell(
  { status, offlinePartitions, underReplicatedPartitions }: Topic,
  { green, yellow, red, dim }: Colors,
): Cell {
  if (status === 'missing' || offlinePartitions > 0) return { text: status, paint: red };
  if (status === 'drift' || underReplicatedPartitions > 0) return { text: status, paint: yellow };
  return { text: status, paint: status === 'foreign' ? dim : green };
}

function wrong({ offlinePartitions, underReplicatedPartitions, drift }: Topic): string {
  return [
    ...(offlinePartitions > 0 ? [`${counted(offlinePartitions, 'partition')} without a leader`] : []),
    ...(underReplicatedPartitions > 0
      ? [`${counted(underReplicatedPartitions, 'partition')} short of replicas in sync`]
      : []),
    ...drift.map(({ setting, wanted, actual }) => `${setting} is ${actual} instead of ${wanted}`),
  ].join('; ');
}

function partitionsTable({ partitionDetails }: TopicDetail, { width, colors }: Terminal): string[] {
  return table(
    [
      { title: 'PARTITION', align: 'right', importance: 9 },
      { title: 'LEADER', align: 'right', importance: 8 },
      { title: 'REPLICAS', importance: 6, least: 8 },
      { title: 'IN SYNC', importance: 7, least: 7 },
      { title: 'FIRST', align: 'right', importance: 4 },
      { title: 'END', align: 'right', importance: 5 },
    ],
    partitionDetails.map(({ partition, leader, replicas, isr, low, high }) => [
      String(partition),
      leader === null ? { text: 'none', paint: colors.red } : String(leader),
      replicas.join(','),
      { text: isr.join(','), paint: isr.length < replicas.length ? colors.yellow : String },
      count(low),
      count(high),
    ]),
    { width, heading: colors.dim },
  );
}

function created(context: Context, ensured: EnsuredTopics): ExitCode {
  const { missing, drifted } = ensured;
  show(context, ensured, () => [
    ensured.created.length === 0 ? 'No topic had to be made.' : `Made ${ensured.created.join(', ')}.`,
    ...missing.map(({ name, problem }) =>
      context.terminal.colors.red(`${name} is missing: ${printable(problem ?? 'it could not be made')}`),
    ),
    ...drifted.flatMap(({ name, drift }) =>
      drift.map(({ setting, wanted, actual }) =>
        context.terminal.colors.yellow(`${name}: ${setting} is ${actual} instead of ${wanted}; it is left as it is`),
      ),
    ),
  ]);
  return missing.length + drifted.length > 0 ? EXIT.incomplete : EXIT.ok;
}
