import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { describe, expect, it } from '@jest/globals';

import { type PacedLoad, paced } from './open-loop.js';

const REQUESTS = 20;
const LOAD = { apiKey: 'key', requestsPerSecond: 200, seconds: REQUESTS / 200, bodyOf: String };

describe('paced', () => {
  it('sends each request when it is due, whether those before it were answered or not', async () => {
    const waiting: ServerResponse[] = [];
    const { p50, p99 } = await pacedAgainst((answer) => {
      waiting.push(answer);
      if (waiting.length === REQUESTS) for (const each of waiting) each.end();
    });
    expect(p50).toBeGreaterThan(25); // the first ones waited for the last, which was due after 95 ms
    expect(p99).toBeGreaterThan(p50);
  });

  it('rejects where one of them was answered with an error', async () => {
    let answered = 0;
    const answers = (answer: ServerResponse): void => {
      answered += 1;
      answer.writeHead(answered === 7 ? 500 : 202).end();
    };
    await expect(pacedAgainst(answers)).rejects.toThrow(/answered with 500/u);
  });
});

async function pacedAgainst(answers: (answer: ServerResponse) => void): ReturnType<typeof paced> {
  const server = createServer((asked, answer) => {
    asked.resume().once('end', () => answers(answer));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const load: PacedLoad = { ...LOAD, url: `http://127.0.0.1:${port}/` };
    return await paced(load);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
