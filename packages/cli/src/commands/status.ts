import { type Command, Option } from 'commander';

import type { Context } from '../context.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { type Shell, subcommand } from '../shell.js';
import { look } from '../status/look.js';
import { renderStatus } from '../status/render.js';
import { type Verdict, verdictOf } from '../status/verdict.js';
import { type Frame, watch } from '../terminal/watch.js';
import { seconds } from './arguments.js';

export function addStatus(program: Command, shell: Shell): void {
  subcommand(program, 'status', 'The whole system on one screen; what is lost, delayed or refused comes first', [
    ['weir status', 'once; exit code 3 where anything is wrong'],
    ['weir status --watch', 'again every two seconds, until Ctrl-C'],
    ['weir status --json | jq .verdict', 'for scripts'],
  ])
    .addOption(watchOption())
    .action((options: { watch?: number | true }) => shell.run((context) => status(context, options.watch)));
}

/** `--watch [seconds]`, where a command has it. */
export const watchOption = (): Option =>
  new Option('--watch [seconds]', 'show it again and again, every two seconds unless given').argParser(seconds);

const USUAL_SECONDS = 2;

export const everyMs = (given: number | true): number => (given === true ? USUAL_SECONDS : given) * 1_000;

async function status(context: Context, given: number | true | undefined): Promise<ExitCode> {
  if (given === undefined) {
    const { verdict, frame } = await lookOnce(context);
    if (context.json) context.terminal.printJson(frame.document);
    else context.terminal.print(frame.lines());
    return verdict.status === 'healthy' ? EXIT.ok : EXIT.unhealthy;
  }
  await watch(context, everyMs(given), async () => (await lookOnce(context)).frame);
  return EXIT.ok;
}

async function lookOnce(context: Context): Promise<{ readonly verdict: Verdict; readonly frame: Frame }> {
  const snapshot = await look(context);
  const verdict = verdictOf(snapshot);
  const { terminal } = context;
  const lines = (): readonly string[] =>
    renderStatus(snapshot, verdict, { width: terminal.width, colors: terminal.colors });
  return { verdict, frame: { document: { verdict, ...snapshot }, lines } };
}
