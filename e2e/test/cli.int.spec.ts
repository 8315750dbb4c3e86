import { isDeepStrictEqual } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { engines, eventually } from '@weir/testing';
import { metricsDlq, metricsRaw } from '@weir/topics';

import { Recovery } from '../support/recovery.js';
import type { Replay } from '../support/replays.js';
import { Weir } from '../support/weir.js';

const NOWHERE = 'http://127.0.0.1:9';
const SAMPLES = 1_200;

interface Group {
  readonly fingerprint: string;
  readonly reason: string;
  readonly counts: Readonly<Record<string, number>>;
}

const names = (topics: unknown): string[] => (topics as { name: string }[]).map(({ name }) => name);

describe('weir', () => {
  let recovery: Recovery;
  let weir: Weir;
  let tenantKey: string;
  let raw: string;

  beforeAll(async () => {
    recovery = await Recovery.start();
    await Promise.all([recovery.add('ingest-api'), recovery.add('query-api')]);
    const addresses = {
      WEIR_ADMIN_URL: recovery.operator.url,
      WEIR_INGEST_URL: recovery.app('ingest-api').url,
      WEIR_QUERY_URL: recovery.app('query-api').url,
      WEIR_CONSUMER_URL: recovery.app('metrics-consumer').url,
      WEIR_REPLAYER_URL: recovery.app('dlq-replayer').url,
      WEIR_OPERATOR_KEY: recovery.operator.key,
    };
    raw = recovery.topics.name(metricsRaw);
    const operator = new Weir(addresses);
    await operator.json('tenants', 'create', 'acme', '--name', 'Acme Ltd');
    const issued = await operator.run(['keys', 'create', 'acme', '--label', 'a test']);
    tenantKey = issued.stdout.trim();
    weir = new Weir({
      ...addresses,
      WEIR_API_KEY: tenantKey,
      KAFKA_BOOTSTRAP_SERVERS: engines().kafka.bootstrapServers,
      KAFKA_TOPIC_PREFIX: raw.slice(0, -metricsRaw.name.length),
      SCHEMA_REGISTRY_URL: engines().schemaRegistry.url,
    });
    await Promise.all(['ingest-api', 'query-api'].map((app) => recovery.app(app as 'ingest-api').ready()));
    await eventually(
      () => weir.run(['query']),
      ({ code }) => code === 0,
    );
  }, 180_000);
  afterAll(() => recovery.stop(), 60_000);

  /** `weir dlq groups`, until the index has them all. */
  const groupWith = (reason: string, enough: (group: Group | undefined) => boolean): Promise<Group | undefined> =>
    eventually(
      async () => ((await weir.json('dlq', 'groups', '--reason', reason)) as Group[]).find(() => true),
      enough,
      { timeoutMs: 60_000 },
    );

  it('sends NDJSON in batches, tells what is refused by line and code, and answers what is stored', async () => {
    const now = Date.now();
    const lines = Array.from({ length: SAMPLES }, (_, n) =>
      JSON.stringify({
        name: 'sent_by_weir',
        value: n,
        timestamp: now - n,
        labels: { room: n % 2 === 0 ? 'kitchen' : 'hall' },
      }),
    );
    lines.splice(700, 0, '{"name":"9_is_no_name","value":1,"timestamp":1}', 'this is no JSON');
    const sent = await weir.run(['send', '--json'], { input: `${lines.join('\n')}\n` });
    expect(sent.code).toBe(7);
    expect(JSON.parse(sent.stdout)).toMatchObject({
      accepted: SAMPLES,
      refused: 2,
      rejected: [
        { line: 701, code: 'name_invalid' },
        { line: 702, code: 'invalid_json' },
      ],
    });
    expect(sent.stderr).toContain('line 701: name_invalid');
    expect((await weir.run(['send', 'one_metric', '-21.5', '--label', 'room=kitchen'])).stdout).toBe(
      'Accepted 1 of 1 metric.\n',
    );

    await eventually(
      async () => (await weir.json('query', 'sent_by_weir', '--limit', '5000')) as object[],
      (points) => points.length === SAMPLES,
      { timeoutMs: 60_000 },
    );
    const one = await eventually(
      async () => (await weir.json('query', 'one_metric')) as object[],
      (points) => points.length > 0, // of another partition, and so maybe later
      { timeoutMs: 60_000 },
    );
    expect(one).toMatchObject([{ value: -21.5, labels: { room: 'kitchen' } }]);
    expect(await weir.json('query')).toEqual(['one_metric', 'sent_by_weir']);
    const sums = await weir.json('query', 'sent_by_weir', '--agg', 'count', '--step', '1h', '--by', 'room');
    expect((sums as { series: { labels: object }[] }).series.map(({ labels }) => labels)).toEqual([
      { room: 'hall' },
      { room: 'kitchen' },
    ]);
    expect((await weir.run(['send', '9_is_no_name', '1'])).code).toBe(7);

    const environment = { WEIR_API_KEY: 'wk_none_such' };
    const stopped = await weir.run(['send', '--json', '--batch', '300'], { input: lines.join('\n'), environment });
    expect([stopped.code, JSON.parse(stopped.stdout)]).toEqual([
      5,
      expect.objectContaining({
        accepted: 0,
        failed: expect.objectContaining({ firstLine: 1, lastLine: 300, mayBeStored: false }),
      }),
    ]);
    expect(stopped.stderr).toContain('held lines 1 to 300, and nothing of it was accepted. Go on from line 1.');
  }, 120_000);

  it('tells on one screen that all is well, and what is wrong where it is not', async () => {
    await eventually(
      async () => (JSON.parse((await weir.run(['status', '--json'])).stdout) as { verdict: object }).verdict,
      (verdict) => isDeepStrictEqual(verdict, { status: 'healthy', findings: [] }),
      { timeoutMs: 60_000 },
    );
    const { stdout } = await eventually(
      () => weir.run(['status']),
      (shown) => shown.stdout.startsWith('● healthy'), // each looks anew
      { timeoutMs: 60_000 },
    );
    expect(stdout).toMatch(/^● healthy/u);
    expect(stdout).toMatch(/Ledger +balanced: 1,201 stored, 0 dead-lettered/u);

    const without = await weir.run(['status', '--ingest-url', NOWHERE]);
    expect([without.code, without.stdout.split('\n')[0]]).toEqual([
      3,
      expect.stringContaining('✖ unhealthy: metrics are refused: ingest-api does not answer'),
    ]);
    const blind = await weir.run(['status', '--json'], { environment: { WEIR_OPERATOR_KEY: 'wo_none_such' } });
    expect(blind.code).toBe(3);
    expect(JSON.parse(blind.stdout)).toMatchObject({
      verdict: { status: 'degraded' },
      ledger: { found: { balanced: true } },
    });
    const lost = await new Weir({}).run(['status']);
    expect([lost.code, lost.stdout, lost.stderr]).toEqual([2, '', expect.stringContaining('--admin-url')]);
  });

  it('draws the status again and again, and ends cleanly at Ctrl-C', async () => {
    const watched = await weir.run(['status', '--watch', '0.2', '--json'], {
      interruptAfter: (stdout) => stdout.split('\n').length > 2,
    });
    expect(watched.code).toBe(0);
    for (const line of watched.stdout.trim().split('\n')) expect(JSON.parse(line)).toHaveProperty('verdict');
  });

  it('shows topics, groups and messages, and the same from the brokers themselves', async () => {
    const topics = names(await weir.json('topics'));
    expect(topics).toContain(raw);
    expect(names(await weir.json('topics', '--kafka'))).toEqual(topics);
    expect(names(await weir.json('topics', '--kafka', '--prefix', raw))).toEqual([raw]);
    for (const direct of [[], ['--kafka']]) {
      const detail = await weir.json('topics', raw, ...direct);
      expect(detail).toMatchObject({
        status: 'ok',
        partitionDetails: expect.any(Array),
        settings: { 'message.timestamp.type': { value: 'LogAppendTime' } },
      });
      const groupId = raw.replace(metricsRaw.name, 'metrics-consumer');
      await eventually(
        async () => (await weir.json('groups', groupId, ...direct)) as { lag: number; partitions: object[] },
        ({ lag, partitions }) => lag === 0 && partitions.length > 0,
        { timeoutMs: 60_000 },
      );
      const messages = (await weir.json('messages', raw, '--last', '3', ...direct)) as { decoded: { value: object } }[];
      expect(messages.map(({ decoded }) => decoded.value)).toEqual(
        Array.from({ length: 3 }, () => expect.objectContaining({ tenant_id: 'acme' })),
      );
      const ensured = await weir.json('topics', 'create', ...direct);
      expect(ensured).toEqual({ created: [], missing: [], drifted: [] });
    }
  }, 120_000);

  it('leads a dead letter from its cause to being recovered', async () => {
    await recovery.limitValues(true);
    await recovery.tooLarge({ tenant: 'acme', count: 30 });
    const group = await groupWith('database', (found) => found?.counts['open'] === 30);
    expect((await weir.run(['status'])).stdout).toMatch(/30 dead letters to look at/u);
    const [letter] = (await weir.json('dlq', 'list', '--tenant', 'acme', '--limit', '1')) as { id: string }[];
    expect(await weir.json('dlq', 'show', letter?.id ?? '', '--payload')).toMatchObject({
      state: 'open',
      reason: 'database',
      diagnosis: { findings: [{ code: expect.any(String) }] },
      payload: { examination: { decoded: { kind: 'avro' } } },
    });

    await recovery.limitValues(false);
    expect(await weir.json('dlq', 'plan', '--reason', 'database')).toMatchObject({ records: 30, excluded: {} });
    const unasked = await weir.run(['dlq', 'replay', '--reason', 'database']);
    expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringContaining('give --yes')]);

    const beginning = group?.fingerprint.slice(0, 8) ?? '';
    const replayed = await weir.run(['dlq', 'replay', '--fingerprint', beginning, '--canary', '5', '--yes']);
    expect([replayed.code, replayed.stdout.split('\n')[0]]).toEqual([0, 'completed: 30 of 30 records recovered']);
    await groupWith('database', (found) => found?.counts['recovered'] === 30);
  }, 120_000);

  it('gives up, with a reason, what will never be right, and takes that back', async () => {
    await recovery.nonsense({ tenant: 'acme', count: 3 });
    await groupWith('frame', (found) => found?.counts['open'] === 3);
    const again = await weir.run(['dlq', 'replay', '--reason', 'frame', '--yes', '--json']);
    expect(again.code).toBe(7);
    expect(JSON.parse(again.stdout)).toMatchObject({ state: 'completed', counts: { failed_again: 3 } });
    await groupWith('frame', (found) => found?.counts['failed_again'] === 3);

    const given = await weir.run(['dlq', 'discard', '--reason', 'frame', '--because', 'written by mistake', '--yes']);
    expect([given.code, given.stdout]).toEqual([0, 'Discarded 3 records.\n']);
    expect(await weir.json('dlq', 'restore', '--reason', 'frame', '--yes')).toMatchObject({ done: true, records: 3 });
    expect((await weir.run(['dlq', 'discard', '--because', 'all of them'])).code).toBe(2);
  }, 120_000);

  it('leads a replay that is under way', async () => {
    const filter = ['--reason', 'frame'];
    const replayer = recovery.app('dlq-replayer');
    const options = ['--rate', '0.1', '--canary', '1', '--no-wait', '--yes'];
    let watching: ReturnType<Weir['run']>;
    replayer.freeze(); // so that its canary does not fail before it is paused
    try {
      const begun = (await weir.json('dlq', 'replay', ...filter, ...options)) as Replay;
      watching = weir.run(['dlq', 'watch', begun.id]);
      const paused = await weir.json('dlq', 'pause', begun.id);
      expect(paused).toMatchObject({ state: 'paused', why: 'operator' });
      expect(await weir.json('dlq', 'resume', begun.id)).toMatchObject({ id: begun.id });
      await weir.json('dlq', 'cancel', begun.id);
    } finally {
      replayer.thaw();
    }
    const watched = await watching;
    expect([watched.code, watched.stdout]).toEqual([7, expect.stringMatching(/^(?:cancelled|completed|paused)/u)]);
    expect((await weir.json('dlq', 'replays')) as object[]).toHaveLength(3);
  }, 120_000);

  it('shows a new key once, and refuses it everywhere once it is revoked', async () => {
    const keys = (await weir.json('keys', 'list', 'acme')) as { keyId: string; label: string }[];
    expect(keys).toEqual([expect.objectContaining({ label: 'a test' })]);
    const issued = await weir.run(['keys', 'create', 'acme', '--scope', 'ingest']);
    expect(issued.stdout).toMatch(/^wk_[0-9a-f]+_\w+\n$/u);
    const key = issued.stdout.trim();
    const [, keyId = ''] = key.split('_');
    await eventually(
      () => weir.run(['send', 'by_new_key', '1'], { environment: { WEIR_API_KEY: key } }),
      ({ code }) => code === 0,
    );
    expect((await weir.run(['query'], { environment: { WEIR_API_KEY: key } })).code).toBe(5);
    expect((await weir.run(['keys', 'revoke', 'acme', keyId, '--yes'])).code).toBe(0);
    await eventually(
      () => weir.run(['send', 'by_new_key', '1'], { environment: { WEIR_API_KEY: key } }),
      ({ code }) => code === 5,
    );
  });

  it('changes limits of a tenant, and back', async () => {
    expect(await weir.json('tenants', 'limits', 'acme', 'maxLabels=3')).toMatchObject({ limits: { maxLabels: 3 } });
    expect(await weir.json('tenants', 'limits', 'acme', 'maxLabels=none')).toMatchObject({
      limits: { maxLabels: null },
    });
    expect(await weir.json('tenants', 'show', 'acme')).toMatchObject({ tenantId: 'acme', name: 'Acme Ltd' });
  });

  it('suspends a tenant only where it is told to, and resumes it', async () => {
    const stateOf = async () => (await weir.json('tenants', 'show', 'acme')) as { state: string };
    const unasked = await weir.run(['tenants', 'suspend', 'acme']);
    expect([unasked.code, unasked.stdout, unasked.stderr]).toEqual([2, '', expect.stringContaining('give --yes')]);
    expect(await stateOf()).toMatchObject({ state: 'active' });
    try {
      expect(await weir.json('tenants', 'suspend', 'acme', '--yes')).toMatchObject({ state: 'suspended' });
      await eventually(
        () => weir.run(['send', 'while_suspended', '1']),
        ({ code }) => code === 5,
      );
    } finally {
      expect(await weir.json('tenants', 'resume', 'acme')).toMatchObject({ state: 'active' });
    }
    await eventually(
      () => weir.run(['query']),
      ({ code }) => code === 0,
    );
  }, 120_000);

  it.each([
    ['status'],
    ['topics'],
    ['topics --all --partitions'],
    ['groups'],
    ['schemas'],
    ['schemas tenants-value'],
    ['schemas tenants-value 1'],
    ['dlq list'],
    ['dlq groups --state open'],
    ['dlq replays'],
    ['tenants'],
    ['tenants list'],
    ['keys list acme'],
    ['query'],
    ['completion bash'],
  ])(
    'with --json, weir %s writes one document and nothing else',
    async (line) => {
      const { code, stdout, stderr } = await weir.run([...line.split(' '), '--json']);
      expect([code, stderr]).toEqual([0, '']);
      expect(JSON.parse(stdout)).toBeInstanceOf(Object);
      expect((await weir.run(line.split(' '))).stdout).not.toContain('\u001b');
    },
    60_000,
  );

  it.each([
    [2, 'no-such-command', {}],
    [2, 'dlq list --class unheard-of', {}],
    [2, 'messages', {}],
    [2, 'send', { WEIR_INGEST_URL: '' }],
    [2, 'tenants', { WEIR_OPERATOR_KEY: '' }],
    [2, 'topics', { WEIR_ADMIN_URL: 'not-an-address' }],
    [4, 'tenants show nobody', {}],
    [4, 'dlq show 0-999999', {}],
    [4, 'tenants create acme', {}],
    [5, 'topics', { WEIR_OPERATOR_KEY: 'wo_none_such' }],
    [5, 'query up', { WEIR_API_KEY: 'wk_none_such' }],
    [6, 'topics', { WEIR_ADMIN_URL: NOWHERE }],
  ] as const)(
    'ends with %i for weir %s',
    async (expected, line, environment) => {
      const { code, stdout, stderr } = await weir.run(line.split(' '), { environment });
      expect([code, stdout]).toEqual([expected, '']);
      expect(stderr).toMatch(/^weir: /u);
      expect(stderr).not.toContain(tenantKey);
      expect(stderr).not.toContain(recovery.operator.key);
      expect(stderr).not.toMatch(/\n\s+at /u);
    },
    60_000,
  );

  it('explains each command with examples, and completes words', async () => {
    for (const words of [['help'], ['status', '--help'], ['dlq', 'replay', '--help'], ['help', 'send']]) {
      const { code, stdout } = await weir.run(words);
      expect([code, stdout]).toEqual([
        0,
        expect.stringMatching(words.length === 1 ? /Commands:/u : /Examples:\n {2}\S*.*weir/u),
      ]);
    }
    const { stdout } = await weir.run(['__complete', '--', 'messages', metricsDlq.name]);
    expect(stdout).toMatch(/^metrics\.dlq\t/u);
  });
});
