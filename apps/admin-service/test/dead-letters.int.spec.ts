import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@weir/testing';
import { metricsDlq } from '@weir/topics';

import { AdminApp } from './support/admin-app.js';
import { type LetterFacts, Writers } from './support/dead-letters.js';

interface Letter {
  readonly id: string;
  readonly state: string;
  readonly identity: string;
  readonly source: { readonly offset: number };
}

const hex = (bytes: Buffer | null | undefined) => (bytes === null ? null : { hex: bytes?.toString('hex') });

/** Moments of a day in October. */
const secondOf =
  (day: number) =>
  (second: number): Date =>
    new Date(Date.UTC(2026, 9, day, 0, 0, second));

describe('the index of dead letters', () => {
  let admin: AdminApp;
  let writers: Writers;
  let viewer: string;

  beforeAll(async () => {
    admin = await AdminApp.start();
    writers = await Writers.start(admin.topics);
    viewer = (await admin.operator('viewer')).key;
  });
  afterAll(async () => {
    await writers.close();
    await admin.close();
  });

  const list = async (query: string): Promise<Letter[]> => {
    const { items } = await admin.done('GET', `/dlq/messages?limit=500&${query}`, { key: viewer });
    return items as Letter[];
  };
  const indexed = async (facts: readonly LetterFacts[]): Promise<string[]> => {
    const identities = await writers.letters(facts);
    await eventually(
      () => admin.done('GET', '/dlq/index'),
      ({ behind }) => behind === 0,
    );
    return identities;
  };

  it('finds letters by each thing that they are known for, newest first', async () => {
    const at = secondOf(1);
    await indexed([
      { tenant: 'find', reason: 'name', error: 'The name `a b` has a space', routedAt: at(1), offset: 9_001 },
      { tenant: 'find', reason: 'value', error: 'The value is NaN', routedAt: at(2), offset: 9_002, partition: 3 },
      {
        tenant: 'find',
        class: 'poison',
        reason: 'frame',
        error: 'No frame',
        routedAt: at(3),
        offset: 9_003,
        schemaId: null,
      },
      {
        tenant: 'find',
        class: 'rejected',
        reason: 'database',
        error: 'Refused',
        routedAt: at(4),
        offset: 9_004,
        schemaId: 99,
      },
    ]);
    const found = async (query: string) => (await list(`tenant=find&${query}`)).map(({ source }) => source.offset);
    expect(await found('')).toEqual([9_004, 9_003, 9_002, 9_001]);
    expect(await found('reason=value')).toEqual([9_002]);
    expect(await found('class=poison')).toEqual([9_003]);
    expect(await found('schemaId=99')).toEqual([9_004]);
    expect(await found('text=space name')).toEqual([9_001]);
    expect(await found('text=spa')).toEqual([]);
    expect(await found('from=2026-10-01T00:00:02Z&to=2026-10-01T00:00:04Z')).toEqual([9_003, 9_002]);
    const topic = admin.topics.name(metricsDlq).replace('metrics.dlq', 'metrics.raw');
    expect(await found(`topic=${topic}&partition=3`)).toEqual([9_002]);
    expect(await found(`topic=${topic}&offsetFrom=9002&offsetTo=9004`)).toEqual([9_003, 9_002]);
    expect(await found('state=open')).toEqual([9_004, 9_003, 9_002, 9_001]);
    expect(await found('state=recovered')).toEqual([]);
    const [{ fingerprint } = { fingerprint: '' }] = (await list('tenant=find&reason=frame')) as unknown as {
      fingerprint: string;
    }[];
    expect(await found(`fingerprint=${fingerprint}`)).toEqual([9_003]);
  });

  it('counts copies of one dead letter as one', async () => {
    await indexed([
      { tenant: 'copies', offset: 1 },
      { tenant: 'copies', offset: 2 },
    ]);
    await indexed([
      { tenant: 'copies', offset: 1 },
      { tenant: 'copies', offset: 1 },
    ]);
    expect(await list('tenant=copies')).toHaveLength(2);
    const { items } = await admin.done('GET', '/dlq/groups?tenant=copies', { key: viewer });
    expect(items).toMatchObject([{ total: 2, counts: { open: 2 } }]);
  });

  it('groups by cause: how many, since when, and the newest of them, in whatever order they come', async () => {
    const at = secondOf(2);
    const names = ['a b', 'c d', 'e f'].map((name, index) => ({
      tenant: 'groups',
      error: `The name "${name}" is not allowed`,
      routedAt: at(index),
    }));
    await indexed([...names, { tenant: 'groups', reason: 'value', error: 'The value is NaN', routedAt: at(9) }]);
    await indexed([{ tenant: 'groups', reason: 'value', error: 'The value is NaN', routedAt: at(8) }]);
    const { items } = await admin.done('GET', '/dlq/groups?tenant=groups', { key: viewer });
    expect(items).toMatchObject([
      { reason: 'value', total: 2, firstSeen: at(8).toISOString(), cameBack: false, recoveredAt: null },
      {
        reason: 'name',
        pattern: 'The name ? is not allowed',
        total: 3,
        counts: { open: 3 },
        firstSeen: at(0).toISOString(),
        lastSeen: at(2).toISOString(),
        serviceVersions: ['0.1.0'],
        tenantId: 'groups',
      },
    ]);
    for (const [n, routedAt] of [at(9), at(2)].entries()) {
      const { sample } = (items as { sample: string }[])[n] ?? { sample: '' };
      expect(await admin.done('GET', `/dlq/messages/${sample}`, { key: viewer })).toMatchObject({
        routedAt: routedAt.toISOString(),
      });
    }
  });

  it('pages through a list and through groups without leaving out or repeating any', async () => {
    const same = new Date(Date.UTC(2026, 9, 3));
    await indexed(
      Array.from({ length: 25 }, (_, n) => ({ tenant: 'pages', error: `${'x'.repeat(n + 1)} failed`, routedAt: same })),
    );
    for (const what of ['messages', 'groups']) {
      const seen: string[] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const after: string = cursor === '' ? '' : `&cursor=${cursor}`;
        const page = await admin.done('GET', `/dlq/${what}?tenant=pages&limit=4${after}`, { key: viewer });
        seen.push(
          ...(page['items'] as { id?: string; fingerprint: string }[]).map((each) => each.id ?? each.fingerprint),
        );
        cursor = page['nextCursor'] as string | null;
      }
      expect([what, seen.length, new Set(seen).size]).toEqual([what, 25, 25]);
    }
  });

  it('exports as NDJSON what the list shows, however many pages that takes', async () => {
    await indexed(Array.from({ length: 1_203 }, () => ({ tenant: 'export' })));
    const { status, headers, text } = await admin.call('GET', '/api/v1/dlq/messages/export?tenant=export', {
      key: viewer,
    });
    expect([status, headers.get('content-type')]).toEqual([200, expect.stringContaining('application/x-ndjson')]);
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Letter);
    expect(new Set(lines.map(({ id }) => id)).size).toBe(1_203);
    expect(lines.slice(0, 500)).toEqual(await list('tenant=export'));
  });

  it.each<[string, LetterFacts]>([
    ['nothing at all', { key: null, value: null, headers: [] }],
    ['what is empty', { key: Buffer.alloc(0), value: Buffer.alloc(0), headers: [{ key: '', value: Buffer.alloc(0) }] }],
    [
      'bytes that are no text, and names that repeat',
      {
        key: Buffer.from([0xff, 0x00]),
        value: Buffer.from([0x00, 0xfe]),
        headers: [
          { key: 'a', value: Buffer.from([0x80]) },
          { key: 'a', value: null },
          { key: 'a', value: Buffer.from('text') },
        ],
      },
    ],
    ['a megabyte', { value: Buffer.alloc(1_000_000, 'x') }],
  ])('shows %s byte for byte, to who may see it', async (what, facts) => {
    const [identity] = await indexed([{ tenant: 'payload', ...facts }]);
    const letter = (await list('tenant=payload')).find((each) => each.identity === identity);
    const path = `/api/v1/dlq/messages/${letter?.id}/payload`;
    expect(await admin.call('GET', path, { key: viewer })).toMatchObject({ status: 403 });
    const { status, body } = await admin.call('GET', path);
    expect([what, status]).toEqual([what, 200]);
    expect(body).toMatchObject({
      ...('key' in facts && { key: hex(facts.key) }),
      value: hex(facts.value),
      headers: (facts.headers ?? []).map(({ key, value }) => ({ key, value: hex(value) })),
    });
    expect(await admin.done('GET', '/audit?action=dlq.read_payload&limit=1')).toMatchObject({
      items: [{ target: letter?.id, result: 'ok' }],
    });
  });

  it('says what is wrong with a record, at which byte, to viewers too, and the value decoded to who may see it', async () => {
    await indexed([
      { tenant: 'diagnosed', class: 'poison', reason: 'frame', error: 'no frame', value: Buffer.from('{"a":1}') },
    ]);
    const [letter] = await list('tenant=diagnosed');
    const { findings } = await admin.done('GET', `/dlq/messages/${letter?.id}/diagnosis`, { key: viewer });
    expect(findings).toContainEqual(expect.objectContaining({ detail: expect.stringContaining('0x7b') }));
    expect(await admin.done('GET', `/dlq/messages/${letter?.id}/payload`)).toMatchObject({
      examination: { decoded: { kind: 'json', value: { a: 1 } } },
    });
  });

  it('shows what is no dead letter, and goes on with the next', async () => {
    const topic = admin.topics.name(metricsDlq);
    await writers.raw([
      { topic, key: null, value: Buffer.from('{"nonsense": true}') },
      { topic, key: null, value: null },
      { topic, key: null, value: Buffer.from([0xff, 0x00]) },
    ]);
    await indexed([{ tenant: 'after-nonsense' }]);
    const letters = await list('reason=unreadable');
    expect(letters).toHaveLength(3);
    expect(await list('tenant=after-nonsense')).toHaveLength(1);
    for (const { id } of letters)
      expect(await admin.call('GET', `/api/v1/dlq/messages/${id}/payload`)).toMatchObject({
        status: 200,
        body: { envelope: null },
      });
  });

  it('takes filters for what they are, whatever stands in them', async () => {
    await indexed([{ tenant: "o'brien", error: "it's 100%; DROP TABLE admin.dead_letters; --" }]);
    for (const text of ["' OR 1=1 --", '%', 'a & | ! :*', "'); DROP TABLE admin.dead_letters; --"])
      expect(
        (await admin.call('GET', `/api/v1/dlq/messages?tenant=none&text=${encodeURIComponent(text)}`)).body,
      ).toMatchObject({ items: [] });
    expect(await list(`tenant=${encodeURIComponent("o'brien")}`)).toHaveLength(1);
    for (const wrong of [
      'state=gone',
      'reason=x',
      'partition=1',
      'schemaId=-1',
      'schemaId=99999999999',
      'nonsense=1',
      'from=then',
      'tenant=',
    ])
      expect([wrong, (await admin.call('GET', `/api/v1/dlq/messages?${wrong}`)).status]).toEqual([wrong, 422]);
    for (const id of ['nonsense', '1', '-1-1', '0-99999999999999999999', '0-123456789'])
      expect([id, (await admin.call('GET', `/api/v1/dlq/messages/${id}`)).status]).toEqual([id, 404]);
  });

  /** Without the one of each that is shown for all: partitions are read in any order. */
  const groups = async () => {
    const { items } = await admin.done('GET', '/dlq/groups?limit=500');
    return (items as Record<string, unknown>[]).map(({ sample: _sample, error: _error, ...group }) => group);
  };

  it('is read again from the beginning when it is rebuilt, and keeps what was decided', async () => {
    await indexed([{ tenant: 'rebuilt' }, { tenant: 'rebuilt' }]);
    const [letter] = await list('tenant=rebuilt');
    await admin.done('POST', `/dlq/messages/${letter?.id}/discard`, { body: { reason: 'kept' } });
    const before = await list('tenant=rebuilt');
    const groupsBefore = await groups();
    await admin.done('POST', '/dlq/index/rebuild');
    await eventually(
      () => admin.done('GET', '/dlq/index'),
      ({ behind }) => behind === 0,
    );
    expect(await list('tenant=rebuilt')).toEqual(before);
    expect(await groups()).toEqual(groupsBefore);
  });

  it('reads on from where the position stands, wherever somebody else has moved it while records come', async () => {
    const key = Buffer.from('one partition');
    const [first] = await indexed([{ tenant: 'moved', key }]);
    const letter = (await list('tenant=moved')).find(({ identity }) => identity === first);
    const [partition] = (letter?.id ?? '').split('-').map(Number);
    const move = (by: number) =>
      admin.pool.query('UPDATE admin.projection_positions SET next = next + $1 WHERE topic = $2 AND partition = $3', [
        by,
        admin.topics.name(metricsDlq),
        partition,
      ]);
    // Ahead: another member has settled the next one, or a COMMIT was answered to nobody.
    await move(1);
    await indexed([{ tenant: 'moved', key }]);
    const [, , last] = await writers.letters([
      { tenant: 'moved', key },
      { tenant: 'moved', key },
      { tenant: 'moved', key },
    ]);
    await eventually(
      () => list('tenant=moved'),
      (letters) => letters.some(({ identity }) => identity === last),
    );
    expect(await list('tenant=moved')).toHaveLength(4);
    // Back: what is there already stays one, and what was left out comes in.
    await move(-4);
    await indexed([{ tenant: 'moved', key }]);
    expect(await list('tenant=moved')).toHaveLength(6);
  });

  it('says of a letter that Kafka has deleted that it is gone, and still knows what it was', async () => {
    const [identity] = await indexed([{ tenant: 'deleted' }]);
    const letter = (await list('tenant=deleted')).find((each) => each.identity === identity);
    const [partition = 0, offset = 0] = (letter?.id ?? '').split('-').map(Number);
    await admin.kafka.deleteRecords([{ topic: admin.topics.name(metricsDlq), partition, offset: offset + 1 }]);
    expect(await admin.call('GET', `/api/v1/dlq/messages/${letter?.id}/payload`)).toMatchObject({
      status: 410,
      body: { code: 'letter_expired' },
    });
    expect(await admin.done('GET', `/dlq/messages/${letter?.id}`)).toMatchObject({ reason: 'name', state: 'open' });
    const { records, excluded } = await admin.done('POST', '/dlq/replays/plan', {
      body: { filter: { tenant: 'deleted' } },
    });
    expect([records, excluded]).toEqual([0, { expired: 1 }]);
  });
});
