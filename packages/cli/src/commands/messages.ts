import type { Command } from 'commander';

import type { Decoded, Message, Messages } from '../api/answers.js';
import { type Context, show } from '../context.js';
import { type Cluster, withCluster } from '../kafka/cluster.js';
import { type Shell, subcommand } from '../shell.js';
import { bytes, NONE, time } from '../terminal/figures.js';
import { type Colors, jsonText, type Terminal } from '../terminal/terminal.js';
import { printable } from '../terminal/text-width.js';
import { whole } from './arguments.js';
import { kafkaOption } from './topics.js';

interface MessagesOptions {
  readonly last: number;
  readonly partition?: number;
  readonly payload: boolean;
  readonly kafka?: boolean;
}

/** The most that admin-service shows of one partition at once. */
const MOST = 100;
const USUAL = 5;
const MAX_PARTITION = 1_000_000;

export function addMessages(program: Command, shell: Shell): void {
  subcommand(program, 'messages', 'The last messages of a topic, decoded by the schemas that they were written with', [
    ['weir messages metrics.raw', 'the last five of all partitions'],
    ['weir messages metrics.dlq --last 1 --partition 0', 'the last one of a partition'],
    ['weir messages metrics.raw --no-payload', 'without what they say, which a viewer may not see'],
    ['weir messages metrics.raw --json --last 100', 'for scripts'],
  ])
    .argument('<topic>', 'its name on the brokers')
    .option('--last <n>', 'how many', whole(1, MOST), USUAL)
    .option('--partition <n>', 'only of this partition', whole(0, MAX_PARTITION))
    .option('--no-payload', 'offsets, times and sizes alone')
    .addOption(kafkaOption())
    .action((topic: string, options: MessagesOptions) =>
      shell.run((context) =>
        withCluster(context, options.kafka === true, async (cluster) => {
          const { messages, heldBack } = await lastMessages(cluster, topic, options);
          if (heldBack.length > 0)
            context.terminal.say(`An open transaction holds back what comes next in partition ${heldBack.join(', ')}.`);
          show(context, messages, () => linesOf(messages, context));
        }),
      ),
    );
}

/** A message, and the partition that it is in. */
interface Placed extends Message {
  readonly topic: string;
  readonly partition: number;
}

interface LastMessages {
  /** The newest last. */
  readonly messages: readonly Placed[];
  readonly heldBack: readonly number[];
}

async function lastMessages(
  cluster: Cluster,
  topic: string,
  { last, partition, payload }: MessagesOptions,
): Promise<LastMessages> {
  const partitions = partition === undefined ? await filledPartitions(cluster, topic) : [partition];
  // Transactions and compaction leave offsets without a message: a few more are asked for than are shown.
  const limit = Math.min(MOST, 2 * last + 2);
  const read: Messages[] = [];
  for (const each of partitions) read.push(await cluster.messages({ topic, partition: each, limit, payload }));
  const messages = read
    .flatMap(({ partition: of, messages: some }) => some.map((message) => ({ topic, partition: of, ...message })))
    .toSorted(
      (a, b) =>
        Date.parse(a.timestamp ?? '') - Date.parse(b.timestamp ?? '') ||
        a.partition - b.partition ||
        a.offset - b.offset,
    );
  return {
    messages: messages.slice(-last),
    heldBack: read.filter(({ heldBack }) => heldBack).map(({ partition: of }) => of),
  };
}

async function filledPartitions(cluster: Cluster, topic: string): Promise<number[]> {
  const { partitionDetails } = await cluster.topic(topic);
  return partitionDetails.filter(({ low, high }) => high > low).map(({ partition }) => partition);
}

function linesOf(messages: readonly Placed[], { terminal }: Context): string[] {
  if (messages.length === 0) return ['There is no message.'];
  return messages.flatMap((message, at) => [...(at === 0 ? [] : ['']), ...messageLines(message, terminal)]);
}

function messageLines(message: Placed, { colors }: Terminal): string[] {
  const { topic, partition, offset, timestamp, key, headers, decoded, keyBytes, valueBytes, headerNames, schemaId } =
    message;
  const place = colors.bold(`${topic}[${partition}] offset ${offset}`);
  if (decoded === undefined) {
    const sizes = `key ${keyBytes === null ? NONE : bytes(keyBytes)}, value ${valueBytes === null ? NONE : bytes(valueBytes)}`;
    const schema = schemaId === null ? '' : `, schema ${schemaId}`;
    return [
      `${place}  ${time(timestamp)}`,
      `${sizes}${schema}${headerNames.length === 0 ? '' : `, headers ${printable(headerNames.join(', '))}`}`,
    ];
  }
  const keyText = key === undefined || key === null ? NONE : printable(key.text ?? `0x${key.hex}`);
  const said = (headers ?? []).map(
    (header) => `${header.key}=${header.value === null ? NONE : (header.value.text ?? `0x${header.value.hex}`)}`,
  );
  return [
    `${place}  ${time(timestamp)}  ${colors.dim(kindOf(decoded))}`,
    `${colors.dim('key')} ${keyText}`,
    ...said.map((header) => `${colors.dim('header')} ${printable(header)}`),
    ...decodedLines(decoded, message.value?.hex ?? '', colors),
  ];
}

function kindOf(decoded: Decoded): string {
  if (decoded.kind !== 'avro') return decoded.kind;
  return `Avro, schema ${decoded.schemaId}${decoded.subject === null ? '' : ` of ${decoded.subject}`}`;
}

const SHOWN_HEX = 400;

/** What a value says; JSON with the names of its members told apart. */
export function decodedLines(decoded: Decoded, hex: string, colors: Colors): string[] {
  switch (decoded.kind) {
    case 'avro':
    case 'json':
      return [
        ...jsonLines(decoded.value, colors),
        ...(decoded.partial ? [colors.yellow('Parts of it are left out.')] : []),
      ];
    case 'text':
      return [printable(decoded.text)];
    case 'tombstone':
      return [colors.dim('no value: a tombstone')];
    default:
      return [`0x${hex.slice(0, SHOWN_HEX)}${hex.length > SHOWN_HEX ? '…' : ''}`];
  }
}

const jsonLines = (value: unknown, colors: Colors): string[] =>
  jsonText(value, true)
    .split('\n')
    .map((line) =>
      line.replace(/^(\s*)("(?:[^"\\]|\\.)*")(?=:)/, (_, blanks: string, name: string) => blanks + colors.cyan(name)),
    );
