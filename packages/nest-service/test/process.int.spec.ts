import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { afterEach, describe, expect, it } from '@jest/globals';

interface Fixture {
  readonly child: ChildProcess;
  /** Lines of standard output that were logged so far. */
  readonly lines: string[];
  readonly errors: string[];
  /** Resolves with the first line, logged or yet to be, that contains the text. */
  readonly line: (text: string) => Promise<string>;
  readonly exit: Promise<number | null>;
}

const fixtures: Fixture[] = [];
afterEach(async () => {
  for (const { child } of fixtures) child.kill('SIGKILL');
  await Promise.all(fixtures.splice(0).map(({ exit }) => exit));
});

function run(env: Readonly<Record<string, string>> = {}): Fixture {
  const main = fileURLToPath(new URL('process-fixture.ts', import.meta.url));
  const child = spawn(
    process.execPath,
    ['--conditions=@weir/source', '--import', '@weir/jest-preset/run-source', main],
    {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      env: {
        PATH: process.env['PATH'],
        HOST: '127.0.0.1',
        PORT: '0',
        FIXTURE_KEY: 'hunter2',
        NODE_ENV: 'production',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const lines: string[] = [];
  const errors: string[] = [];
  const output = createInterface(child.stdout).on('line', (line) => lines.push(line));
  child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text));
  const line = async (text: string): Promise<string> => {
    for (;;) {
      const found = lines.find((candidate) => candidate.includes(text));
      if (found !== undefined) return found;
      await Promise.race([
        once(output, 'line'),
        once(output, 'close').then(() => Promise.reject(new Error(errors.join('')))),
      ]);
    }
  };
  const exit = once(child, 'close').then(([code]: unknown[]) => (typeof code === 'number' ? code : null));
  const fixture = { child, lines, errors, line, exit };
  fixtures.push(fixture);
  return fixture;
}

const urlOf = async ({ line }: Fixture): Promise<string> => {
  const [, url = ''] = /"url":"([^"]+)"/.exec(await line('is running')) ?? [];
  return url;
};

describe('a process told to end', () => {
  it('has logged its settings without secrets, answers what is in flight, runs the hooks, and exits with 0', async () => {
    const fixture = run();
    const url = await urlOf(fixture);
    expect(await fixture.line('is running')).toMatch(/"HOST":"127\.0\.0\.1".*"FIXTURE_KEY":"\(secret\)"/);
    expect(fixture.lines.join('')).not.toContain('hunter2');
    const answer = fetch(`${url}/slow/700`);
    await fetch(`${url}/health/live`); // the slow request, sent before, is in flight
    fixture.child.kill('SIGTERM');
    expect(await (await answer).json()).toEqual({ done: true });
    expect(await fixture.exit).toBe(0);
    expect(fixture.lines.join('\n')).toMatch(/"signal":"SIGTERM".*hook ran.*"message":"Ended"/s);
    await expect(fetch(`${url}/health/live`)).rejects.toThrow('fetch failed');
  });

  it('exits with 1 past its time, and says what hung', async () => {
    const fixture = run({ SHUTDOWN_TIMEOUT_MS: '300ms' });
    const url = await urlOf(fixture);
    const answer = fetch(`${url}/never`).catch(() => 'cut off');
    await fetch(`${url}/health/live`);
    fixture.child.kill('SIGINT');
    expect(await fixture.exit).toBe(1);
    expect(await fixture.line('Not ended in time')).toMatch(/"requests":\["GET \/never for \d+\.\d s"\]/);
    expect(await answer).toBe('cut off');
  });

  it('exits at once where it is told twice', async () => {
    const fixture = run({ SHUTDOWN_TIMEOUT_MS: '60s' });
    const url = await urlOf(fixture);
    fetch(`${url}/never`).catch(() => 'cut off');
    await fetch(`${url}/health/live`);
    fixture.child.kill('SIGTERM');
    await fixture.line('Ending');
    fixture.child.kill('SIGTERM');
    expect(await fixture.exit).toBe(1);
  });
});

describe('a process told to end while it starts', () => {
  it('ends at once with 0 while nothing is open', async () => {
    const fixture = run({ FIXTURE_BUILD_TAKES: '60s' });
    await fixture.line('building slowly');
    fixture.child.kill('SIGTERM');
    expect(await fixture.exit).toBe(0);
  });

  it('waits for the step that is under way, begins no work, closes what is open, and exits with 0', async () => {
    const fixture = run({ FIXTURE_INIT_TAKES: '5s' });
    await fixture.line('starting slowly');
    fixture.child.kill('SIGTERM');
    expect(await fixture.exit).toBe(0);
    const output = fixture.lines.join('\n');
    expect(output).toMatch(/"signal":"SIGTERM".*hook ran.*"message":"Ended"/s);
    expect(output).not.toMatch(/"level":"(?:error|fatal)"|is running/);
  });

  it('does not wait longer than it may', async () => {
    const fixture = run({ FIXTURE_INIT_TAKES: '60s', SHUTDOWN_TIMEOUT_MS: '300ms' });
    await fixture.line('starting slowly');
    fixture.child.kill('SIGTERM');
    expect(await fixture.exit).toBe(1);
    await fixture.line('Not ended in time');
  });
});

describe('a process in trouble', () => {
  it.each([
    ['throw', 'uncaughtException', 'thrown where nobody catches'],
    ['reject', 'unhandledRejection', 'rejected where nobody catches'],
  ])('logs an error that nobody caught, and exits with 1: %s', async (path, kind, message) => {
    const fixture = run();
    await fetch(`${await urlOf(fixture)}/${path}`).catch(() => 'cut off');
    expect(await fixture.exit).toBe(1);
    const line = await fixture.line('"level":"fatal"');
    expect(line).toContain(kind);
    expect(line).toContain(message);
  });

  it('prints every problem of its configuration as a list without a stack, and exits with 78', async () => {
    const fixture = run({ PORT: 'http', LOG_LEVEL: 'loud', FIXTURE_KEY: '' });
    expect(await fixture.exit).toBe(78);
    expect(fixture.errors.join('')).toBe(
      [
        'The configuration has 3 problem(s):',
        '  - PORT must be an integer from 0 to 65535, but is "http"',
        '  - LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent, but is "loud"',
        '  - FIXTURE_KEY is required: A secret.',
        '',
      ].join('\n'),
    );
  });

  it('says in one sentence why it cannot listen, and exits with 1', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? String(address.port) : '';
    const fixture = run({ PORT: port });
    expect(await fixture.exit).toBe(1);
    taken.close();
    const troubles = fixture.lines.filter((line) => /"level":"(?:warn|error|fatal)"/.test(line));
    expect(troubles.map((line): unknown => JSON.parse(line))).toEqual([
      expect.objectContaining({
        level: 'fatal',
        message: `Could not start: cannot listen on 127.0.0.1:${port}: another process listens there; PORT chooses another port.`,
      }),
    ]);
    expect(fixture.lines.join('') + fixture.errors.join('')).not.toContain('    at ');
  });
});
