import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { type Host, runWeir } from '../../run.js';

type Answer = (response: ServerResponse, body: string) => void;

const problem =
  (status: number, code: string, headers: Record<string, string> = {}): Answer =>
  (response) =>
    void response.writeHead(status, headers).end(JSON.stringify({ status, code, detail: `about ${code}` }));
const all: Answer = (response, body) =>
  void response.writeHead(202).end(JSON.stringify({ accepted: (JSON.parse(body) as unknown[]).length }));
const firstRefused: Answer = (response, body) =>
  void response.writeHead(207).end(
    JSON.stringify({
      accepted: (JSON.parse(body) as unknown[]).length - 1,
      rejected: [{ index: 0, code: 'name_invalid', detail: 'why' }],
    }),
  );
const hangUp: Answer = (response) => void response.destroy();
const noJson =
  (status: number): Answer =>
  (response) =>
    void response.writeHead(status).end('<html>');

const MAY_BE_STORED =
  'which may be stored. Sending again is safe: where series and time are equal, the last write wins.';
const NOT_STORED = 'and nothing of it was accepted.';

describe('weir send, where it stops', () => {
  let home: string;
  let server: Server;
  let answers: readonly Answer[];
  let interrupt: () => void;
  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), 'weir-cli-'));
    writeFileSync(join(home, 'key'), 'wk_a_tenant');
    let requests = 0;
    server = createServer((request, response) => {
      const parts: string[] = [];
      request.setEncoding('utf8').on('data', (part: string) => parts.push(part));
      request.once('end', () => {
        requests += 1;
        answers[Math.min(requests, answers.length) - 1]?.(response, parts.join(''));
      });
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
  });
  afterEach(() => {
    server.close();
    server.closeAllConnections();
    rmSync(home, { recursive: true });
  });

  /** One answer after the other, the last one to all that follow. */
  async function run(given: readonly Answer[], input: readonly string[], ...words: readonly string[]) {
    answers = given;
    const said = { stdout: '', stderr: '' };
    const signals = new EventEmitter();
    const host: Host = Object.assign(signals, {
      stdin: Readable.from([input.join('\n')]),
      stdout: { write: (text: string) => void (said.stdout += text) },
      stderr: {
        write: (text: string) => {
          said.stderr += text;
          if (text.includes('again in 59 s')) interrupt();
        },
      },
    });
    interrupt = () => void signals.emit('SIGINT');
    const { port } = server.address() as AddressInfo;
    const where = ['--ingest-url', `http://127.0.0.1:${port}`, '--key-file', join(home, 'key')];
    return { code: await runWeir(['send', ...words, ...where], host), ...said };
  }

  const input = ['{"a":1}', '', '{"a":2}', '{"a":3}', 'no json', '{"a":4}', '{"a":5}', '{"a":6}', '{"a":7}'];

  it('tells how many are in, which lines failed, and where to go on: all before that is in or was told as refused', async () => {
    const { code, stdout, stderr } = await run(
      [all, firstRefused, problem(401, 'api_key_revoked')],
      [...input, ''],
      '--batch',
      '3',
    );
    expect([code, stdout]).toEqual([5, '']);
    expect(stderr.slice(stderr.indexOf('line 5'))).toBe(
      [
        'line 5: invalid_json: The line is no JSON.',
        'line 6: name_invalid: why',
        '4 metrics had been accepted by then, of 6 lines.',
        'weir: ingest-api refused: api_key_revoked (401)',
        '      about api_key_revoked',
        `      The batch that failed held lines 8 to 9, ${NOT_STORED} Go on from line 8.`,
        '',
      ].join('\n'),
    );
  });

  it('tells the same with --json as members of the one document', async () => {
    const stopped = await run([firstRefused, problem(500, 'internal_error')], input, '--batch', '3', '--json');
    expect([stopped.code, JSON.parse(stopped.stdout)]).toEqual([
      1,
      {
        accepted: 2,
        refused: 2,
        lines: 4,
        rejected: [
          { line: 1, code: 'name_invalid', detail: 'why' },
          { line: 5, code: 'invalid_json', detail: 'The line is no JSON.' },
        ],
        failed: { firstLine: 6, lastLine: 7, mayBeStored: true, error: 'ingest-api refused: internal_error (500)' },
      },
    ]);
    const through = await run([all], ['{"a":1}'], '--json');
    expect(JSON.parse(through.stdout)).toEqual({ accepted: 1, refused: 0, lines: 1, rejected: [], failed: null });
  });

  it.each<readonly [string, string, readonly Answer[]]>([
    ['delivery is unknown', MAY_BE_STORED, [problem(503, 'delivery_unknown')]],
    ['the connection broke', MAY_BE_STORED, [hangUp]],
    ['a proxy says that there was no answer in time', MAY_BE_STORED, [noJson(504)]],
    ['a proxy answers 503 with words of its own', MAY_BE_STORED, [(response) => response.writeHead(503).end('{}')]],
    ['the service answers that it is its own fault', MAY_BE_STORED, [problem(500, 'internal_error')]],
    ['Kafka takes nothing', NOT_STORED, [problem(503, 'kafka_unavailable')]],
    ['the rate is limited', NOT_STORED, [problem(429, 'rate_limited')]],
    ['the tenant is suspended', NOT_STORED, [problem(403, 'tenant_suspended')]],
  ])('tells what became of the lines where %s', async (_, fate, given) => {
    const { stderr } = await run([all, ...given], input.slice(0, 4), '--batch', '2', '--patience', '0.2');
    expect(stderr).toContain('2 metrics had been accepted by then, of 2 lines.\n');
    expect(stderr).toMatch(
      new RegExp(`^ {6}The batch that failed held line 4, ${fate} Go on from line 4\\.\\n$`, 'mu'),
    );
  });

  it.each<readonly [string, readonly Answer[]]>([
    ['a try before the last one was', [hangUp]],
    ['a try of the whole batch was, and then a part is refused', [hangUp, problem(413, 'too_many_samples'), all]],
  ])('tells that lines may be stored where %s of unknown fate', async (_, given) => {
    const answered = [all, ...given, problem(401, 'api_key_revoked')];
    const { code, stderr } = await run(answered, ['1', '2', '3', '4'], '--batch', '2');
    expect([code, stderr]).toEqual([5, expect.stringContaining(`4, ${MAY_BE_STORED}`)]);
  });

  it('tells that nothing was accepted where there was no connection to send over', async () => {
    const { code, stderr } = await run(
      [
        (response, body) => {
          server.close();
          response.setHeader('connection', 'close');
          all(response, body);
        },
      ],
      input.slice(0, 4),
      '--batch',
      '2',
      '--patience',
      '0.2',
    );
    expect([code, stderr]).toEqual([6, expect.stringContaining('the connection is refused')]);
    expect(stderr).toContain(`held line 4, ${NOT_STORED}`);
  });

  it('names of a batch that was sent in halves the half that failed, and counts the other', async () => {
    const given = [problem(413, 'too_many_samples'), firstRefused, problem(403, 'tenant_suspended')];
    const { stdout, stderr } = await run(given, ['no json', ...input.slice(0, 4), 'none either'], '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      accepted: 1,
      refused: 2,
      lines: 3,
      rejected: [{ line: 1 }, { line: 2 }],
      failed: { firstLine: 5, lastLine: 5, mayBeStored: false },
    });
    expect(stderr).not.toContain('line 6:');
  });

  it('tells the lines also where Ctrl-C ends a request', async () => {
    const inFlight = await run([all, () => interrupt()], input.slice(0, 4), '--batch', '2');
    expect([inFlight.code, inFlight.stderr]).toEqual([
      130,
      expect.stringMatching(new RegExp(`^weir: Interrupted\\.\\n {6}The batch .* held line 4, ${MAY_BE_STORED}`, 'mu')),
    ]);
  });

  it('tells the lines where Ctrl-C ends a pause, and that it was Ctrl-C', async () => {
    const busy = problem(503, 'overloaded', { 'retry-after': '59' });
    const { code, stderr } = await run([all, busy], input.slice(0, 4), '--batch', '2', '--patience', '100');
    expect([code, stderr]).toEqual([
      130,
      expect.stringMatching(new RegExp(`^weir: Interrupted\\.\\n {6}The batch .* held line 4, ${NOT_STORED}`, 'mu')),
    ]);
  });

  it('tells of one metric that it may be stored, and with which time it is safe to send it again', async () => {
    const words = ['room_celsius', '21.5', '--timestamp', '1795341600000', '--patience', '0.2'];
    const unknown = await run([problem(503, 'delivery_unknown')], [], ...words);
    expect([unknown.code, unknown.stderr]).toEqual([
      6,
      expect.stringContaining('may be stored. Sending it again with --timestamp 1795341600000 is safe'),
    ]);
  });

  it('says no more than the refusal where one metric was not taken', async () => {
    const { code, stderr } = await run([problem(403, 'tenant_suspended')], [], 'room_celsius', '21.5');
    expect([code, stderr]).toEqual([
      5,
      'weir: ingest-api refused: tenant_suspended (403)\n      about tenant_suspended\n',
    ]);
  });
});
