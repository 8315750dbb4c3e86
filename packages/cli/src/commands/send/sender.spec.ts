import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough, Readable } from 'node:stream';

import { afterEach, describe, expect, it } from '@jest/globals';

import { HttpApi } from '../../api/http-api.js';
import { type Batch, batchesOf } from './batches.js';
import { Sender } from './sender.js';

type Answer = (response: ServerResponse, body: string) => void;

const problem =
  (status: number, code: string, more: object = {}, headers: Record<string, string> = {}): Answer =>
  (response) =>
    void response.writeHead(status, headers).end(JSON.stringify({ status, code, detail: `about ${code}`, ...more }));
const all: Answer = (response, body) =>
  void response.writeHead(202).end(JSON.stringify({ accepted: (JSON.parse(body) as unknown[]).length }));
const answer =
  (status: number, body: object): Answer =>
  (response) =>
    void response.writeHead(status).end(JSON.stringify(body));
const hangUp: Answer = (response) => void response.destroy();

const stops: (() => void)[] = [];
afterEach(() => stops.splice(0).forEach((stop) => stop()));

/** A sender, and an endpoint that gives one answer after the other, the last one to all that follow. */
async function sending(answers: readonly Answer[], patienceMs = 60_000, timeoutMs = 30_000) {
  const bodies: string[] = [];
  const pauses: number[] = [];
  const server = createServer((request, response) => {
    const parts: string[] = [];
    request.setEncoding('utf8').on('data', (part: string) => parts.push(part));
    request.once('end', () => {
      bodies.push(parts.join(''));
      answers[Math.min(bodies.length, answers.length) - 1]?.(response, parts.join(''));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  stops.push(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const { signal } = new AbortController();
  const address = { url: `http://127.0.0.1:${port}`, from: 'a test', local: false };
  const api = new HttpApi({ app: 'ingest-api', address, key: ['x-api-key', 'wk_a_b'], signal, timeoutMs });
  return {
    sender: new Sender(api, { patienceMs, signal, onPause: (_, pauseMs) => void pauses.push(pauseMs) }),
    bodies,
    pauses,
  };
}

async function batchOf(...lines: string[]): Promise<Batch> {
  const batches: Batch[] = [];
  for await (const batch of batchesOf(Readable.from([lines.join('\n')]), 100)) batches.push(batch);
  const [only] = batches;
  if (only === undefined || batches.length > 1) throw new Error('not one batch');
  return only;
}

describe('sending', () => {
  it('tells what is refused by the line of the input, blank and unreadable ones counted', async () => {
    const { sender, bodies } = await sending([
      (response) =>
        void response
          .writeHead(207)
          .end(JSON.stringify({ accepted: 1, rejected: [{ index: 1, code: 'value_invalid', detail: 'why' }] })),
    ]);
    const sent = await sender.send(await batchOf('{"a":1}', '', 'no json', '{"a":"x"}'));
    expect(bodies).toEqual(['[{"a":1},{"a":"x"}]']);
    expect(sent.accepted).toBe(1);
    expect(sent.refused.map(({ line, code }) => `${line} ${code}`)).toEqual(['3 invalid_json', '4 value_invalid']);
  });

  it('waits as long as Retry-After says, and sends the same again', async () => {
    const { sender, bodies, pauses } = await sending([problem(429, 'rate_limited', {}, { 'retry-after': '1' }), all]);
    await expect(sender.send(await batchOf('{"a":1}'))).resolves.toMatchObject({ accepted: 1 });
    expect(pauses).toHaveLength(1);
    expect(pauses[0]).toBeGreaterThanOrEqual(1_000);
    expect(new Set(bodies)).toEqual(new Set(['[{"a":1}]']));
  });

  it('sends again what may be stored, and over a new connection what got no answer', async () => {
    const { sender, bodies } = await sending([problem(503, 'delivery_unknown'), hangUp, all]);
    await expect(sender.send(await batchOf('{"a":1}', '{"a":2}'))).resolves.toMatchObject({ accepted: 2 });
    expect(bodies).toHaveLength(3);
  });

  it('gives up at the end of its patience, with what the service said', async () => {
    const { sender } = await sending([problem(503, 'kafka_unavailable')], 600);
    await expect(sender.send(await batchOf('{"a":1}'))).rejects.toMatchObject({
      cause: { code: 'kafka_unavailable' },
      exitCode: 6,
    });
  });

  it('says at once that nobody answers where nobody ever has', async () => {
    const { sender, pauses } = await sending([hangUp]);
    await expect(sender.send(await batchOf('{"a":1}'))).rejects.toMatchObject({ exitCode: 6 });
    expect(pauses).toEqual([]);
  });

  it('tells that lines may be stored where no answer came in time', async () => {
    const { sender } = await sending([() => undefined], 5_000, 200);
    await expect(sender.send(await batchOf('', '{"a":1}', '{"a":2}'))).rejects.toMatchObject({
      message: expect.stringContaining('no answer in time'),
      at: { firstLine: 2, lastLine: 3, mayBeStored: true },
    });
  });

  it('sends in halves what is too much at once, and keeps the lines of what is refused', async () => {
    const lastRefused = problem(422, 'all_rejected', { rejected: [{ index: 0, code: 'name_invalid', detail: 'why' }] });
    const { sender, bodies } = await sending([problem(413, 'too_large'), all, lastRefused]);
    const sent = await sender.send(await batchOf('{"a":1}', '{"a":2}', '{"a":3}'));
    expect(bodies.slice(1)).toEqual(['[{"a":1},{"a":2}]', '[{"a":3}]']);
    expect(sent).toMatchObject({ accepted: 2, refused: [{ line: 3, code: 'name_invalid' }] });
  });

  it('ends where waiting helps nobody: a key that is not accepted, too many series', async () => {
    const refusing = await sending([problem(401, 'api_key_invalid')]);
    await expect(refusing.sender.send(await batchOf('{"a":1}'))).rejects.toMatchObject({ exitCode: 5 });
    const limited = await sending([problem(429, 'series_limited')]);
    await expect(limited.sender.send(await batchOf('{"a":1}'))).rejects.toMatchObject({
      cause: { code: 'series_limited' },
    });
    expect(limited.pauses).toEqual([]);
  });

  const refused = { index: 0, code: 'name_invalid', detail: 'why' };
  it.each([
    ['nothing at all', answer(200, {}), 0],
    ['fewer than were sent', answer(202, { accepted: 1 }), 1],
    ['fewer, those refused counted', answer(207, { accepted: 1, rejected: [refused] }), 2],
    ['only some that are refused', problem(422, 'all_rejected', { rejected: [refused] }), 1],
    ['more than were sent', answer(202, { accepted: 4 }), 4],
  ])('fails where an answer accounts for %s: nobody knows that they are in', async (_, given, accountedFor) => {
    const { sender, bodies, pauses } = await sending([given]);
    await expect(sender.send(await batchOf('{"a":1}', '{"a":2}', '{"a":3}'))).rejects.toMatchObject({
      name: 'BatchFailure',
      at: { firstLine: 1, lastLine: 3, mayBeStored: true },
      exitCode: 1,
      message: expect.stringContaining(`Of 3 metrics the answer accounts for ${accountedFor}:`),
    });
    expect([bodies.length, pauses]).toEqual([1, []]);
  });
});

describe('batches of an input', () => {
  const interrupted = new Error('interrupted');

  it('end with the reason once the signal is aborted, and what was read by then is no last batch', async () => {
    const input = new PassThrough().setEncoding('utf8');
    const ending = new AbortController();
    const batches = batchesOf(input, 2, ending.signal);
    input.write('1\n2\n3\n');
    await expect(batches.next()).resolves.toMatchObject({ value: { lines: [{ text: '1' }, { text: '2' }] } });
    ending.abort(interrupted);
    await expect(batches.next()).rejects.toBe(interrupted);
    await expect(batches.next()).resolves.toEqual({ done: true, value: undefined });
  }, 10_000);

  it('do not wait for a line where the signal is aborted', async () => {
    const ending = new AbortController();
    const next = batchesOf(new PassThrough(), 2, ending.signal).next();
    ending.abort(interrupted);
    await expect(next).rejects.toBe(interrupted);
    await expect(batchesOf(new PassThrough(), 2, AbortSignal.abort(interrupted)).next()).rejects.toBe(interrupted);
  }, 10_000);
});
