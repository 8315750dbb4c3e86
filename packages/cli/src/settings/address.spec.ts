import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { type Host, runWeir } from '../run.js';

const NOWHERE = 'http://beatrix:hunter%202@127.0.0.1:9';
const SHOWN_NOWHERE = 'http://127.0.0.1:9';
const ELSEWHERE = 'ftp://beatrix:hunter2@weir';

describe('an address with user and password', () => {
  let home: string;
  let server: Server;
  let headers: IncomingHttpHeaders;
  let answer: string;
  beforeEach(async () => {
    home = mkdtempSync(join(tmpdir(), 'weir-cli-'));
    writeFileSync(join(home, 'key'), 'wo_an_operator');
    headers = {};
    answer = '<html>';
    server = createServer((request, response) => {
      headers = request.headers;
      response.end(answer);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
  });
  afterEach(() => {
    jest.restoreAllMocks();
    server.close();
    server.closeAllConnections();
    rmSync(home, { recursive: true });
  });

  const host = (): string => `127.0.0.1:${(server.address() as AddressInfo).port}`;

  /** All that a command line says, on both streams. */
  async function run(words: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    jest.replaceProperty(process, 'env', { ...process.env, WEIR_HOME: home, ...environment });
    let said = '';
    const write = (text: string): void => void (said += text);
    const terminal: Host = Object.assign(new EventEmitter(), {
      stdin: Readable.from(['{"a":1}']),
      stdout: { write },
      stderr: { write },
    });
    const code = await runWeir([...words, '--key-file', join(home, 'key')], terminal);
    return { code, said };
  }

  it.each<readonly [string, string, number, string[], Record<string, string>]>([
    ['admin-service is away', SHOWN_NOWHERE, 6, ['topics', '--admin-url', NOWHERE], {}],
    ['admin-service is away', SHOWN_NOWHERE, 6, ['topics'], { WEIR_ADMIN_URL: NOWHERE }],
    ['query-api is away', SHOWN_NOWHERE, 6, ['query', '--query-url', `${NOWHERE}/`], {}],
    ['query-api is away', SHOWN_NOWHERE, 6, ['query'], { WEIR_QUERY_URL: NOWHERE }],
    ['ingest-api is away', SHOWN_NOWHERE, 6, ['send', '--json', '--ingest-url', NOWHERE], {}],
    ['ingest-api is away', SHOWN_NOWHERE, 6, ['send', 'room', '1'], { WEIR_INGEST_URL: NOWHERE }],
    ['apps are away', SHOWN_NOWHERE, 3, ['status', '--consumer-url', NOWHERE], { WEIR_REPLAYER_URL: NOWHERE }],
    ['apps are away', SHOWN_NOWHERE, 3, ['status', '--json', '--admin-url', NOWHERE], {}],
    ['a flag has no address', '"ftp://weir/"', 2, ['topics', '--admin-url', ELSEWHERE], {}],
    ['a flag has no address', '"weir:8003"', 2, ['topics', '--admin-url', 'beatrix:hunter2@weir:8003'], {}],
    ['a variable has no address', '"ftp://weir/"', 2, ['topics'], { WEIR_ADMIN_URL: ELSEWHERE }],
    [
      'the registry has no address',
      '"ftp://weir/"',
      2,
      ['topics', '--kafka'],
      { KAFKA_BOOTSTRAP_SERVERS: '127.0.0.1:9', SCHEMA_REGISTRY_URL: ELSEWHERE },
    ],
    ['a flag is mistyped', '--admin-urll=http://weir', 2, ['topics', '--admin-urll=http://beatrix:hunter 2@weir'], {}],
    ['a word is too many', "'//weir'", 2, ['//beatrix:hunter2@weir'], {}],
  ])('is shown without them where %s (%s, %i, %j, %j)', async (_, shown, code, words, environment) => {
    const ended = await run(words, environment);
    expect(ended).toEqual({ code, said: expect.stringContaining(shown) });
    expect(ended.said).not.toMatch(/beatrix|hunter/u);
  });

  it('is shown without them where something else answers, and by the status of apps', async () => {
    const address = `http://beatrix:hunter2@${host()}`;
    const strange = await run(['topics', '--admin-url', address]);
    expect(strange).toEqual({ code: 1, said: expect.stringContaining(`What answers at http://${host()} is not`) });
    answer = JSON.stringify({ status: 'healthy' });
    const another = await run(['status', '--query-url', address]);
    expect(another.said).toContain(`What answers at http://${host()} is not query-api.`);
    answer = JSON.stringify({ status: 'healthy', service: 'query-api' });
    const running = await run(['status', '--query-url', address]);
    expect(running.said).toMatch(new RegExp(`query-api +healthy .*http://${host()}$`, 'mu'));
    expect(strange.said + another.said + running.said).not.toMatch(/beatrix|hunter/u);
  });

  it.each([
    ['beatrix:hunter%202%', 'beatrix:hunter 2%'],
    ['token', 'token:'],
    [':hunter2', ':hunter2'],
  ])('says who asks, as %s, beside the key', async (userinfo, credentials) => {
    answer = JSON.stringify({ items: [], nextCursor: null });
    expect(await run(['topics', '--admin-url', `http://${userinfo}@${host()}`])).toMatchObject({ code: 0 });
    expect(headers).toMatchObject({
      authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
      'x-operator-key': 'wo_an_operator',
    });
  });

  it('without them sends no such header', async () => {
    answer = JSON.stringify({ items: [], nextCursor: null });
    expect(await run(['topics', '--admin-url', `http://${host()}`])).toMatchObject({ code: 0 });
    expect(headers).not.toHaveProperty('authorization');
  });
});
