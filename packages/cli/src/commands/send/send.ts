import { createReadStream } from 'node:fs';
import { access, constants } from 'node:fs/promises';

import type { Command } from 'commander';

import { type Context, show, tenantApi } from '../../context.js';
import { EXIT, type ExitCode } from '../../exit-codes.js';
import { Failure, UsageFailure } from '../../failures.js';
import { type Shell, subcommand } from '../../shell.js';
import { count, counted, duration } from '../../terminal/figures.js';
import { ProgressLine } from '../../terminal/progress.js';
import { printable } from '../../terminal/text-width.js';
import { finite, moment, pair, seconds, whole } from '../arguments.js';
import { BatchFailure, stoppedInWords } from './batch-failure.js';
import { batchesOf } from './batches.js';
import { type Refused, Sender, type Sent } from './sender.js';

interface SendOptions {
  readonly label?: Readonly<Record<string, string>>;
  readonly environment?: string;
  readonly timestamp?: number;
  readonly file?: string;
  readonly batch: number;
  readonly patience: number;
}

const USUAL_BATCH = 500;
const MOST_BATCH = 10_000;
const USUAL_PATIENCE_S = 60;
/** How many refused samples a JSON document names; all of them are on standard error. */
const MOST_NAMED = 1_000;

export function addSend(program: Command, shell: Shell): void {
  subcommand(program, 'send', 'Send one metric, or NDJSON from standard input', [
    ['weir send room_temperature_celsius 21.5 --label room=kitchen', 'one metric, now'],
    ['weir send < metrics.ndjson', 'one metric on each line, in batches'],
    ['gunzip -c day.ndjson.gz | weir send --batch 2000 2> refused.txt', 'what is refused is told with its line'],
  ])
    .argument('[name]', 'of the metric; without it NDJSON is read')
    .argument('[value]', 'a finite number', finite)
    .option('--label <name=value>', 'as often as there are', pair)
    .option('--environment <text>', 'such as prod')
    .option('--timestamp <time>', 'RFC 3339, epoch milliseconds or so long ago (5m); now unless given', moment)
    .option('--file <path>', 'read NDJSON from there instead of standard input')
    .option('--batch <n>', 'lines in one request', whole(1, MOST_BATCH), USUAL_BATCH)
    .option('--patience <seconds>', 'how long one batch waits where it is asked to', seconds, USUAL_PATIENCE_S)
    .action((name: string | undefined, value: number | undefined, options: SendOptions) =>
      shell.run((context) => (name === undefined ? stream(context, options) : one(context, { name, value }, options))),
    );
}

async function one(
  context: Context,
  { name, value }: { readonly name: string; readonly value: number | undefined },
  { label, environment, timestamp, file, patience }: SendOptions,
): Promise<ExitCode> {
  if (value === undefined) throw new UsageFailure('A metric has a name and a value: weir send NAME VALUE.');
  if (file !== undefined) throw new UsageFailure('Give a metric or --file, and not both.');
  const metric = {
    name,
    value,
    timestamp: timestamp ?? Date.now(),
    ...(label !== undefined && { labels: label }),
    ...(environment !== undefined && { environment }),
  };
  const sender = senderOf(context, patience, (line) => context.terminal.say(line));
  try {
    const sent = await sender.send({ lines: [{ number: 1, text: JSON.stringify(metric) }], unreadable: [] });
    return report(context, { accepted: sent.accepted, refused: sent.refused.length, named: sent.refused, lines: 1 });
  } catch (error) {
    if (!(error instanceof BatchFailure) || !error.at.mayBeStored) throw error;
    throw error.saying(
      `The metric may be stored. Sending it again with --timestamp ${metric.timestamp} is safe: where series and time are equal, the last write wins.`,
    );
  }
}

async function stream(
  context: Context,
  { file, batch, patience, label, environment, timestamp }: SendOptions,
): Promise<ExitCode> {
  if (label !== undefined || environment !== undefined || timestamp !== undefined)
    throw new UsageFailure('Lines of NDJSON say labels, environment and timestamp themselves.');
  const input = await inputOf(context, file);
  const line = new ProgressLine(context.terminal);
  const sender = senderOf(context, patience, (text) => line.say(text));
  const startedMs = performance.now();
  let [accepted, refused, lines] = [0, 0, 0];
  const named: Refused[] = [];
  const settle = (sent: Sent): void => {
    accepted += sent.accepted;
    refused += sent.refused.length;
    lines += sent.accepted + sent.refused.length;
    for (const refusal of sent.refused) line.say(inWords(refusal));
    named.push(...sent.refused.slice(0, MOST_NAMED - named.length));
  };
  try {
    for await (const each of batchesOf(input, batch, context.signal)) {
      context.signal.throwIfAborted();
      settle(await sender.send(each));
      const rate = (accepted * 1_000) / Math.max(1, performance.now() - startedMs);
      line.show(`${count(accepted)} accepted, ${count(refused)} refused, ${count(Math.round(rate))}/s`);
    }
  } catch (error) {
    // What was acknowledged is in, whatever ended the rest.
    if (error instanceof BatchFailure) settle(error);
    line.say(`${counted(accepted, 'metric')} had been accepted by then, of ${counted(lines, 'line')}.`);
    if (!(error instanceof BatchFailure)) throw error;
    const failed = { ...error.at, error: error.message };
    if (context.json) context.terminal.printJson({ accepted, refused, lines, rejected: named, failed });
    throw error.saying(stoppedInWords(error.at));
  } finally {
    line.end();
  }
  return report(context, { accepted, refused, named: [], lines }, named);
}

interface Report {
  readonly accepted: number;
  readonly refused: number;
  readonly lines: number;
  /** Refused samples that are not told yet. */
  readonly named: readonly Refused[];
}

function report(
  context: Context,
  { accepted, refused, lines, named }: Report,
  told: readonly Refused[] = named,
): ExitCode {
  for (const refusal of named) context.terminal.say(inWords(refusal));
  show(context, { accepted, refused, lines, rejected: told, failed: null }, () => [
    `Accepted ${count(accepted)} of ${counted(lines, 'metric')}${refused === 0 ? '' : `; ${count(refused)} refused`}.`,
  ]);
  return refused > 0 ? EXIT.incomplete : EXIT.ok;
}

const inWords = ({ line, code, detail }: Refused): string => `line ${line}: ${code}: ${printable(detail)}`;

function senderOf(context: Context, patience: number, say: (line: string) => void): Sender {
  return new Sender(tenantApi(context, 'ingest-api'), {
    patienceMs: patience * 1_000,
    signal: context.signal,
    onPause: (why, pauseMs) => say(`${why}; again in ${duration(pauseMs)}`),
  });
}

async function inputOf({ terminal }: Context, file: string | undefined): Promise<NodeJS.ReadableStream> {
  if (file === undefined) {
    const { stdin } = terminal.streams;
    if (stdin.isTTY === true)
      throw new UsageFailure('Give a metric (weir send NAME VALUE), or NDJSON on standard input or by --file.');
    return stdin;
  }
  try {
    await access(file, constants.R_OK);
  } catch (cause) {
    throw new Failure(EXIT.usage, `"${file}" cannot be read.`, null, { cause });
  }
  return createReadStream(file);
}
