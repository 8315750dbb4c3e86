import { CommanderError } from 'commander';

import type { Context } from './context.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { Failure, failureOf } from './failures.js';
import { weirProgram } from './program.js';
import type { Shell } from './shell.js';
import { type Flags, Settings } from './settings/settings.js';
import { type Streams, Terminal } from './terminal/terminal.js';

/** The process, as far as `weir` uses it. */
export interface Host extends Streams {
  on(event: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  off(event: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
}

/** Ctrl-C, or that the reader of our output has left. */
class Interrupted extends Failure {
  constructor() {
    super(EXIT.interrupted, 'Interrupted.');
  }
}

/** Runs one command line, and answers the exit code. Never rejects. */
export async function runWeir(args: readonly string[], host: Host): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const ending = new AbortController();
  const interrupt = (): void => ending.abort(new Interrupted());
  host.on('SIGINT', interrupt);
  host.on('SIGTERM', interrupt);
  const shell: Shell = {
    run: async (work) => {
      code = (await work(contextOf(program.opts<Flags>(), host, ending.signal))) ?? EXIT.ok;
    },
  };
  const program = weirProgram(shell, {
    writeOut: (text) => void host.stdout.write(text),
    writeErr: (text) => void host.stderr.write(text),
    // What was mistyped is quoted, and may be an address with a password.
    outputError: (text, write) => write(text.replace(/^error:/, 'weir:').replaceAll(/\/\/.*@/gs, '//')),
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return explain(thrown, host);
  } finally {
    host.off('SIGINT', interrupt);
    host.off('SIGTERM', interrupt);
  }
}

function contextOf(flags: Flags, host: Host, signal: AbortSignal): Context {
  const settings = Settings.load(flags);
  return { terminal: new Terminal(host, settings.colors), settings, json: flags.json === true, signal };
}

/** In a few lines. */
function explain(thrown: unknown, { stderr }: Host): ExitCode {
  const { exitCode, message, hint } = failureOf(thrown);
  const lines = [`weir: ${message}`, ...(hint === null ? [] : hint.split('\n').map((line) => `      ${line}`))];
  stderr.write(`${lines.join('\n')}\n`);
  return exitCode;
}
