import { describe, expect, it } from '@jest/globals';
import { pbkdf2 } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';

import { clientSettings } from '../src/clients/client-settings.js';
import { NativeProducer } from '../src/clients/producer/native-producer.js';
import { connectionTo } from './clients.js';

const CLIENTS = 6;
const CONNECT_MS = 4_000;

describe('clients that find no broker', () => {
  it('leave threads of the pool to others', async () => {
    const producers = Array.from(
      { length: CLIENTS },
      () =>
        new NativeProducer(clientSettings(connectionTo('127.0.0.1:1')), {
          report: () => undefined,
          fatal: () => undefined,
        }),
    );
    const connecting = producers.map((each) => each.connect(CONNECT_MS));
    const over = new AbortController();
    void Promise.race(connecting).catch(() => over.abort());
    let hashed = 0;
    while (!over.signal.aborted) {
      await promisify(pbkdf2)('a password', 'salt', 1, 16, 'sha256');
      hashed += 1;
      await wait(50);
    }
    expect(hashed).toBeGreaterThan(3); // and not one alone, as soon as one of them gave up
    for (const outcome of await Promise.allSettled(connecting)) expect(outcome.status).toBe('rejected');
  });

  it('do not begin to connect once nobody wants them to', async () => {
    const client = new NativeProducer(clientSettings(connectionTo('127.0.0.1:1')), {
      report: () => undefined,
      fatal: () => undefined,
    });
    await expect(client.connect(60_000, AbortSignal.abort(new Error('no longer')))).rejects.toThrow('no longer');
  });
});
