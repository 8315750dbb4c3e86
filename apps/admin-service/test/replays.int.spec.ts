import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RecordOutcome, ReplayChunk } from '@weir/avro';
import { eventually } from '@weir/testing';

import { AdminApp } from './support/admin-app.js';
import { type LetterFacts, Writers } from './support/dead-letters.js';
import { ReplayStandIn } from './support/replay-stand-in.js';

type Json = Record<string, unknown>;

const outcomesOf = (chunk: ReplayChunk, outcome: RecordOutcome['outcome']) =>
  chunk.records.map((record) => ({ ...record, outcome }));

describe('replays', () => {
  let admin: AdminApp;
  let writers: Writers;
  let replayer: ReplayStandIn;

  beforeAll(async () => {
    admin = await AdminApp.start();
    writers = await Writers.start(admin.topics);
    replayer = ReplayStandIn.start(admin.topics, writers);
  });
  afterAll(async () => {
    await replayer.close();
    await writers.close();
    await admin.close();
  });

  const letters = async (tenant: string, count: number, facts: LetterFacts = {}): Promise<string[]> => {
    const identities = await writers.letters(Array.from({ length: count }, () => ({ tenant, ...facts })));
    await untilIndexed();
    return identities;
  };
  const untilIndexed = () =>
    eventually(
      () => admin.done('GET', '/dlq/index'),
      ({ behind }) => behind === 0,
    );
  const plan = (body: object): Promise<Json> => admin.done('POST', '/dlq/replays/plan', { body });
  const begun = async (tenant: string, options: object = {}): Promise<string> => {
    const { hash } = await plan({ filter: { tenant } });
    const { id } = await admin.done('POST', '/dlq/replays', { body: { hash, rate: 10_000, ...options } });
    return id as string;
  };
  const replay = (id: string): Promise<Json> => admin.done('GET', `/dlq/replays/${id}`);
  const untilSo = (id: string, holds: (found: Json) => boolean): Promise<Json> =>
    admin.explaining(eventually(() => replay(id), holds));
  const until = (id: string, facts: Json): Promise<Json> =>
    untilSo(id, (found) => Object.entries(facts).every(([name, value]) => found[name] === value));
  const states = async (tenant: string): Promise<Json> => {
    const { items } = await admin.done('GET', `/dlq/groups?tenant=${tenant}`);
    return (items as { counts: Json }[])[0]?.counts ?? {};
  };

  it('plans what would be replayed, and what not, and changes nothing', async () => {
    const [first] = await letters('planned', 3);
    await letters('planned', 2, { reason: 'value', error: 'The value is NaN', partition: 1 });
    const { items } = await admin.done('GET', '/dlq/messages?tenant=planned&reason=name');
    const given = (items as { id: string; identity: string }[]).find(({ identity }) => identity === first);
    await admin.done('POST', `/dlq/messages/${given?.id}/discard`, { body: { reason: 'theirs' } });
    const planned = await plan({ filter: { tenant: 'planned' }, rate: 2 });
    expect(planned).toMatchObject({
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      records: 4,
      groups: [{ records: 2 }, { records: 2 }],
      tenants: [{ tenantId: 'planned', records: 4 }],
      partitions: [
        { partition: 0, records: 2 },
        { partition: 1, records: 2 },
      ],
      excluded: { discarded: 1 },
      expectedSeconds: 2,
    });
    expect(planned['first']).toHaveLength(4);
    expect(await plan({ filter: { tenant: 'planned' } })).toMatchObject({ hash: planned['hash'] });
    expect(await plan({ ids: [given?.id] })).toMatchObject({ records: 0, excluded: { discarded: 1 } });
    expect(await states('planned')).toEqual({ open: 2 });
  });

  it('replays what was planned, each once, in the order of its partition, and says what became of each', async () => {
    const identities = await letters('whole', 250);
    const id = await begun('whole', { chunkRecords: 100 });
    expect(await states('whole')).toEqual({ replaying: 250 });
    const chunks = await replayer.chunks(id, 3);
    expect(chunks.map(({ chunk, records }) => [chunk, records.length])).toEqual([
      [0, 100],
      [1, 100],
      [2, 50],
    ]);
    expect(chunks.flatMap(({ records }) => records.map(({ identity }) => identity))).toEqual(identities);
    expect(chunks.every(({ records }) => records.every(({ replay_count: count }) => count === 1))).toBe(true);
    for (const chunk of chunks) await replayer.publish(chunk);
    expect((await until(id, { state: 'running' }))['counts']).toBeDefined();
    await untilSo(id, ({ counts }) => (counts as Json)['published'] === 250);
    await replayer.outcomes(id, outcomesOf(chunks[0] as ReplayChunk, 'applied'));
    await replayer.outcomes(id, outcomesOf(chunks[1] as ReplayChunk, 'repeated'));
    await replayer.outcomes(id, outcomesOf(chunks[2] as ReplayChunk, 'failed_again'));
    await until(id, { state: 'completed' });
    expect(await replay(id)).toMatchObject({ counts: { applied: 100, repeated: 100, failed_again: 50 } });
    expect(await states('whole')).toEqual({ recovered: 200, failed_again: 50 });
    const { items } = await admin.done('GET', `/dlq/replays/${id}/records?state=applied&limit=1`);
    expect(items).toMatchObject([{ identity: identities[0], state: 'applied', published: { partition: 0 } }]);
    const again = await begun('whole');
    const [next] = await replayer.chunks(again, 1);
    expect(next?.records.map(({ replay_count: count }) => count)).toEqual(Array.from({ length: 50 }, () => 2));
    await admin.done('POST', `/dlq/replays/${again}/cancel`);
  });

  it('does not begin what is not as planned any more, and says what is other', async () => {
    await letters('stale', 2);
    const { hash } = await plan({ filter: { tenant: 'stale' } });
    await letters('stale', 1);
    const late = await admin.call('POST', '/api/v1/dlq/replays', { body: { hash } });
    expect(late).toMatchObject({ status: 409, body: { code: 'plan_changed', addedCount: 1, removedCount: 0 } });
    expect(late.body['added']).toHaveLength(1);
    const unknown = await admin.call('POST', '/api/v1/dlq/replays', { body: { hash: 'f'.repeat(64) } });
    expect(unknown).toMatchObject({ status: 404, body: { code: 'plan_not_found' } });
    expect(await states('stale')).toEqual({ open: 3 });
  });

  it('gives a record to one replay alone, of any number of operators at once', async () => {
    await letters('contested', 50);
    const { hash } = await plan({ filter: { tenant: 'contested' } });
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => admin.call('POST', '/api/v1/dlq/replays', { body: { hash } })),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409, 409, 409, 409]);
    expect(await plan({ filter: { tenant: 'contested' } })).toMatchObject({ records: 0, excluded: { replaying: 50 } });
    const { rows } = await admin.pool.query(
      'SELECT max(n) AS n FROM (SELECT count(*) AS n FROM admin.replay_items WHERE held GROUP BY identity) counts',
    );
    expect(rows).toEqual([{ n: '1' }]);
  });
  it('stops by itself after a canary that fails, and goes on when it is told to', async () => {
    await letters('canary', 30);
    const id = await begun('canary', { chunkRecords: 5, canary: { records: 10, maxFailed: 0.1 } });
    const chunks = await replayer.chunks(id, 2);
    for (const chunk of chunks) await replayer.publish(chunk);
    await replayer.outcomes(id, outcomesOf(chunks[0] as ReplayChunk, 'failed_again'));
    await replayer.outcomes(id, outcomesOf(chunks[1] as ReplayChunk, 'applied'));
    await until(id, { state: 'paused', why: 'canary_failed' });
    expect(await replay(id)).toMatchObject({
      canary: { state: 'failed' },
      counts: { waiting: 20, applied: 5, failed_again: 5 },
    });
    expect(replayer.issued(id)).toBe(2);
    await admin.done('POST', `/dlq/replays/${id}/resume`);
    expect(await replayer.chunks(id, 6)).toHaveLength(6);
    await admin.done('POST', `/dlq/replays/${id}/cancel`);
  });

  it('goes on by itself after a canary that is as good as it has to be', async () => {
    await letters('good-canary', 20);
    const id = await begun('good-canary', { chunkRecords: 10, canary: { records: 10, maxFailed: 0.3 } });
    const [canary] = await replayer.chunks(id, 1);
    await replayer.publish(canary as ReplayChunk);
    expect(replayer.issued(id)).toBe(1);
    const { records } = canary as ReplayChunk;
    await replayer.outcomes(
      id,
      records.map((record, n) => ({ ...record, outcome: n < 3 ? ('failed_again' as const) : ('applied' as const) })),
    );
    expect(await replayer.chunks(id, 2)).toHaveLength(2);
    expect(await replay(id)).toMatchObject({ canary: { state: 'passed' } });
    await admin.done('POST', `/dlq/replays/${id}/cancel`);
  });

  it('tells what a canary came to that is as large as its replay', async () => {
    for (const [tenant, outcome, state] of [
      ['all-good', 'applied', 'passed'],
      ['all-bad', 'failed_again', 'failed'],
    ] as const) {
      await letters(tenant, 2);
      const id = await begun(tenant, { canary: { records: 10 } });
      const [chunk] = await replayer.chunks(id, 1);
      await replayer.publish(chunk as ReplayChunk);
      await replayer.outcomes(id, outcomesOf(chunk as ReplayChunk, outcome));
      expect(await until(id, { state: 'completed' })).toMatchObject({ canary: { state } });
    }
  });

  it('issues nothing while it is paused, and is cancelled once all that was issued has answered', async () => {
    await letters('led', 100);
    await letters('meanwhile', 30);
    const id = await begun('led', { chunkRecords: 10, rate: 20 });
    await replayer.chunks(id, 3);
    const { counts } = await admin.done('POST', `/dlq/replays/${id}/pause`);
    const issued = (counts as { issued: number }).issued;
    expect(await admin.call('POST', `/api/v1/dlq/replays/${id}/pause`)).toMatchObject({
      status: 409,
      body: { code: 'replay_state' },
    });
    // As fast as this one: by its third chunk, one that is paused would have had its turn.
    const meanwhile = await begun('meanwhile', { chunkRecords: 10, rate: 20 });
    await replayer.chunks(meanwhile, 3);
    const chunks = await replayer.chunks(id, issued / 10);
    expect(replayer.issued(id)).toBe(issued / 10);
    const [last] = chunks.slice(-1);
    for (const chunk of chunks.slice(0, -1)) await replayer.publish(chunk);
    await untilSo(id, ({ counts: now }) => (now as Json)['published'] === issued - 10);
    expect(await admin.done('POST', `/dlq/replays/${id}/cancel`)).toMatchObject({
      state: 'cancelling',
      counts: { not_issued: 100 - issued, issued: 10, published: issued - 10 },
    });
    expect(await states('led')).toEqual({ open: 100 - issued, replaying: issued });
    await replayer.publish(last as ReplayChunk);
    await until(id, { state: 'cancelled' });
    for (const chunk of chunks) await replayer.outcomes(id, outcomesOf(chunk, 'applied'));
    await eventually(
      () => states('led'),
      (found) => found['recovered'] === issued,
    );
    expect(await states('led')).toEqual({ open: 100 - issued, recovered: issued });
    expect(replayer.issued(id)).toBe(issued / 10);
  });

  it('counts no attempt of a record that a cancelled replay has not issued', async () => {
    await letters('spared', 20);
    for (let times = 0; times < 6; times += 1) {
      const id = await begun('spared', { chunkRecords: 1, rate: 0.1 });
      await admin.done('POST', `/dlq/replays/${id}/cancel`);
    }
    const { parked, open } = await states('spared');
    expect(parked).toBeUndefined();
    expect(open).toBeGreaterThanOrEqual(14); // one may have been issued each time
    const [chunk] = await replayer.chunks(await begun('spared', { chunkRecords: 20 }), 1);
    expect(new Set(chunk?.records.map(({ replay_count: count }) => count))).toEqual(new Set([1]));
  });

  it('gives up what nothing can be heard of any more: its topic has deleted it', async () => {
    await letters('silent', 1);
    const id = await begun('silent');
    const [chunk] = await replayer.chunks(id, 1);
    await replayer.publish(chunk as ReplayChunk);
    await untilSo(id, ({ counts }) => (counts as Json)['published'] === 1);
    await admin.pool.query(
      "UPDATE admin.replay_items SET answered_at = now() - interval '8 days' WHERE replay_id = $1",
      [id],
    );
    await until(id, { state: 'completed' });
    expect(await replay(id)).toMatchObject({ counts: { unknown: 1 } });
    expect(await states('silent')).not.toHaveProperty('replaying');
  });

  it('hears of the same outcome twice, of worse ones after a better one, and of what it never asked for', async () => {
    await letters('deaf', 2);
    const id = await begun('deaf');
    const [chunk] = await replayer.chunks(id, 1);
    await replayer.publish(chunk as ReplayChunk);
    const said = (outcome: RecordOutcome['outcome']) =>
      replayer.outcomes(id, outcomesOf(chunk as ReplayChunk, outcome));
    await said('repeated');
    await said('applied');
    await said('failed_again');
    await said('applied');
    await replayer.outcomes('no-such-replay', outcomesOf(chunk as ReplayChunk, 'failed_again'));
    await untilSo(id, ({ counts }) => (counts as Json)['applied'] === 2);
    expect(await replay(id)).toMatchObject({ state: 'completed', counts: { applied: 2 } });
    expect(await states('deaf')).toEqual({ recovered: 2 });
  });

  it('closes a record for good: a dead letter that arrives later does not open it again', async () => {
    const [identity = ''] = await letters('closed', 1);
    const id = await begun('closed');
    const [chunk] = await replayer.chunks(id, 1);
    await replayer.publish(chunk as ReplayChunk);
    await replayer.outcomes(id, outcomesOf(chunk as ReplayChunk, 'applied'));
    await until(id, { state: 'completed' });
    await writers.letters([{ tenant: 'closed', headers: replayer.headersOf(id, identity, 1) }]);
    await untilIndexed();
    expect(await states('closed')).toEqual({ recovered: 1 });
    const { items } = await admin.done('GET', '/dlq/groups?tenant=closed');
    expect(items).toMatchObject([{ recoveredAt: expect.any(String), cameBack: true }]);
  });

  it('parks a record that failed as often as is allowed', async () => {
    const [identity = ''] = await letters('parked', 1);
    for (let count = 1; count <= 5; count += 1) {
      const id = await begun('parked');
      const [chunk] = await replayer.chunks(id, 1);
      expect(chunk?.records[0]?.replay_count).toBe(count);
      await replayer.publish(chunk as ReplayChunk);
      await writers.letters([{ tenant: 'parked', headers: replayer.headersOf(id, identity, count) }]);
      await replayer.outcomes(id, outcomesOf(chunk as ReplayChunk, 'failed_again'));
      await until(id, { state: 'completed' });
      await untilIndexed();
    }
    expect(await states('parked')).toEqual({ parked: 1 });
    expect(await plan({ filter: { tenant: 'parked' } })).toMatchObject({
      records: 0,
      excluded: { parked: 1 },
    });
  });

  it('frees a record that was not published, and says why it was not', async () => {
    await letters('unpublished', 5);
    const id = await begun('unpublished');
    const [chunk] = await replayer.chunks(id, 1);
    await replayer.answer(chunk as ReplayChunk, ['published', 'expired', 'mismatch', 'capped', 'refused']);
    await untilSo(id, ({ counts }) => (counts as Json)['issued'] === undefined);
    expect(await replay(id)).toMatchObject({
      counts: { published: 1, expired: 1, mismatch: 1, capped: 1, refused: 1 },
    });
    expect(await states('unpublished')).toEqual({ open: 3, parked: 1, replaying: 1 });
  });

  it('holds the rate that it was given, also one that was changed while it ran', async () => {
    await letters('rate', 520);
    const id = await begun('rate', { rate: 40, chunkRecords: 20 });
    replayer.publishAll(id);
    await replayer.chunks(id, 6);
    const slow = replayer.rateOf(id, 0, 6);
    await admin.done('PATCH', `/dlq/replays/${id}`, { body: { rate: 160 } });
    await replayer.chunks(id, 26);
    const fast = replayer.rateOf(id, 8, 26);
    // A machine that is busy elsewhere is slower than it is told to be, and never faster; the end-to-end test measures over more.
    expect(slow).toBeLessThan(52);
    expect(fast).toBeLessThan(208);
    expect(fast).toBeGreaterThan(1.3 * slow);
  });

  it('lets go of who watches a replay that goes on when the process is to end', async () => {
    await letters('watched-long', 1);
    const id = await begun('watched-long');
    const other = await AdminApp.start({
      env: () => ({ DATABASE_URL: admin.databaseUrl, KAFKA_TOPIC_PREFIX: admin.prefix }),
    });
    const response = await fetch(`${other.url}/api/v1/dlq/replays/${id}/events`, {
      headers: { 'x-operator-key': admin.adminKey },
    });
    expect(response.status).toBe(200);
    const stream = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('event: progress')) text += (await stream?.read())?.value ?? '';
    const drained = async (): Promise<boolean> => {
      let isOver: boolean | undefined = false;
      while (isOver === false) isOver = (await stream?.read())?.done;
      return isOver === true;
    };
    const [isOver] = await Promise.all([drained(), other.end()]);
    expect(isOver).toBe(true);
    await admin.done('POST', `/dlq/replays/${id}/cancel`);
  });

  it('tells how far it is as server-sent events, and is audited once for that', async () => {
    await letters('watched', 10);
    const id = await begun('watched');
    const response = await fetch(`${admin.url}/api/v1/dlq/replays/${id}/events`, {
      headers: { 'x-operator-key': admin.adminKey },
    });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const [chunk] = await replayer.chunks(id, 1);
    await replayer.publish(chunk as ReplayChunk);
    await replayer.outcomes(id, outcomesOf(chunk as ReplayChunk, 'applied'));
    const text = await response.text();
    const events = [...text.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => JSON.parse(data) as Json);
    expect(events.length).toBeGreaterThan(1);
    expect(events.at(-1)).toMatchObject({ id, state: 'completed', counts: { applied: 10 } });
    const { items } = await admin.done('GET', `/audit?action=replays.watch&target=${id}`);
    expect(items).toHaveLength(1);
  });
});
