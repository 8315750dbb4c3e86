import { request as httpRequest } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@weir/testing';

import { metric } from './support/ingest-app.js';
import { IngestProcess } from './support/ingest-process.js';

const [FLOOD, CALM] = [0, 1];
const GZIP = { 'content-encoding': 'gzip' };
/** What a request takes at most on a busy machine: far longer than alone, and far from an outage. */
const NORMAL_MS = 8_000;
/** Batches of the flood that were taken in while one request of another tenant waited. With sixteen in line it would be all of those. */
const FEW_BATCHES = 8;
const SERVED = { statuses: [202], inTime: true, overtakenByFew: true };

const batch = (count: number) =>
  JSON.stringify(Array.from({ length: count }, (_, n) => metric({ labels: { host: `host-${n}`, path: '/a/b/c' } })));

describe('ingest-api, while one tenant floods it', () => {
  let ingest: IngestProcess;
  let flooding = new AbortController();
  const flood: Promise<unknown>[] = [];
  const slow: { destroy(): void }[] = [];

  afterEach(async () => {
    flooding.abort();
    for (const request of slow.splice(0)) request.destroy();
    await ingest.kill();
    await Promise.all(flood.splice(0));
    flooding = new AbortController();
  });

  /** A body that is announced and never comes: it holds a place, and its bytes. */
  const slowBody = (bytes: number): void => {
    const request = httpRequest(`${ingest.url}/api/v1/metrics`, {
      method: 'POST',
      agent: false,
      headers: {
        'content-type': 'application/json',
        'x-api-key': ingest.apiKey(FLOOD),
        'content-length': String(bytes),
      },
    });
    request.on('error', () => undefined).on('response', (response) => response.resume());
    request.write('[');
    slow.push(request);
  };

  const answersOfFlood = new Map<string, number>();
  const takenOfFlood = () => answersOfFlood.get('202 undefined') ?? 0;
  const keepPosting = async (body: Buffer | string, headers = {}): Promise<void> => {
    while (!flooding.signal.aborted) {
      const answer = await ingest.post(body, { tenant: FLOOD, headers }).catch(() => null);
      const { code } = (answer?.body ?? {}) as { code?: string };
      const outcome = `${answer?.status} ${code}`;
      answersOfFlood.set(outcome, (answersOfFlood.get(outcome) ?? 0) + 1);
      await pause(answer?.status === 202 ? 0 : 50); // it asks again much sooner than it was told
    }
  };

  /** What the other tenant meets that posts one after the other. */
  const calmRequests = async (count: number, body: unknown): Promise<typeof SERVED> => {
    const statuses = new Set<number>();
    let [slowestMs, mostOvertaken] = [0, 0];
    for (let n = 0; n < count; n += 1) {
      const since = performance.now();
      const before = takenOfFlood();
      statuses.add((await ingest.post(body, { tenant: CALM })).status);
      slowestMs = Math.max(slowestMs, performance.now() - since);
      mostOvertaken = Math.max(mostOvertaken, takenOfFlood() - before);
    }
    return { statuses: [...statuses], inTime: slowestMs < NORMAL_MS, overtakenByFew: mostOvertaken <= FEW_BATCHES };
  };

  it('goes on serving the others beside slow bodies that take every byte they can, and says whose flood it is', async () => {
    ingest = await IngestProcess.start({ tenantCount: 2 });
    for (let n = 0; n < 60; n += 1) slowBody(5_000_000);
    await eventually(
      async () => (await ingest.get('/metrics')).text,
      (text) =>
        /weir_ingest_tenant_refused_requests_total\{tenant="[^"]+",code="tenant_overloaded"\} (?:3\d|4\d)/.test(text),
    );
    expect(await ingest.post(' '.repeat(4_000_000), { tenant: FLOOD })).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1' },
      body: { code: 'tenant_overloaded' },
    });
    expect(await calmRequests(10, metric())).toEqual(SERVED);
    expect(await calmRequests(2, batch(10_000))).toEqual(SERVED);
  });

  it('goes on serving the others beside slow bodies that take every place they can', async () => {
    ingest = await IngestProcess.start({ tenantCount: 2, env: { INGEST_MAX_IN_FLIGHT_REQUESTS: '40' } });
    for (let n = 0; n < 60; n += 1) slowBody(100);
    await eventually(
      async () => (await ingest.get('/metrics')).text,
      (text) => text.includes('weir_ingest_in_flight_requests 30'),
    );
    expect(await calmRequests(10, metric())).toEqual(SERVED);
  });

  it('goes on serving the others beside big batches, plain and compressed, as fast as they can be sent', async () => {
    ingest = await IngestProcess.start({ tenantCount: 2 });
    const big = batch(10_000);
    for (let n = 0; n < 8; n += 1) flood.push(keepPosting(big), keepPosting(gzipSync(big), GZIP));
    await eventually(takenOfFlood, (count) => count > 5, { timeoutMs: 60_000 });
    expect(await calmRequests(10, metric())).toEqual(SERVED);
    expect(await calmRequests(2, batch(1_000))).toEqual(SERVED);
    for (const outcome of answersOfFlood.keys())
      expect(['202 undefined', '503 tenant_overloaded', '503 overloaded']).toContain(outcome);
  });
});
