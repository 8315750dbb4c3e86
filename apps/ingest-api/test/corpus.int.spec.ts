import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DEFAULT_LIMITS } from '@weir/avro';
import { eventually } from '@weir/testing';

import { corpus } from './support/corpus.js';
import { IngestApp, metric } from './support/ingest-app.js';
import { exchange, filledIn, statusesOf } from './support/raw-http.js';

const PROBLEM = 'application/problem+json; charset=utf-8';
const HUNDRED_YEARS_MS = 100 * 365 * 86_400_000;

/** Inputs that went wrong once, or may one day. Whoever finds another one adds it as a file. */
describe('ingest-api, given every file of the corpus', () => {
  let ingest: IngestApp;

  beforeAll(async () => {
    ingest = await IngestApp.start();
    const limits = { ...DEFAULT_LIMITS, past_window_ms: HUNDRED_YEARS_MS };
    await ingest.tenants.publish({ ...ingest.tenant, version: 2, limits });
    await eventually(
      () => ingest.post(metric({ timestamp: 0 })),
      ({ status }) => status === 202,
    );
  });

  afterAll(() => ingest.close());

  it.each(corpus('bodies'))('answers the body $name as its name says', async ({ bytes, headers, statuses }) => {
    for (const chunked of [false, true]) {
      const answer = await ingest.post(bytes, { headers, chunked });
      expect([answer.status]).toEqual(statuses);
      if (answer.status < 400) continue;
      expect(answer.headers['content-type']).toBe(PROBLEM);
      expect(answer.body).toMatchObject({ status: answer.status, code: expect.stringMatching(/^[a-z0-9_]+$/) });
    }
  });

  it.each(corpus('http'))('answers $name as its name says, and nothing more', async ({ bytes, statuses }) => {
    const answer = await exchange(ingest.url, filledIn(bytes, ingest.key.apiKey), { answers: statuses.length });
    expect(statusesOf(answer)).toEqual(statuses);
    const problems = answer.split('application/problem+json').length - 1;
    expect(problems).toBe(statuses.filter((status) => status >= 400).length);
    expect(await ingest.post(metric())).toMatchObject({ status: 202 });
  });
});
