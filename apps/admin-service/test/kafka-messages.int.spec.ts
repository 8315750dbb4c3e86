import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectSchemaRegistry, DEFAULT_LIMITS, type Tenant, tenantEncoder } from '@weir/avro';
import { TransactionalProducer } from '@weir/kafka';
import { engines, eventually, uniqueName } from '@weir/testing';

import { type Body, ClusterBench, connection, itemsOf, messagesOf } from './support/cluster-bench.js';

let bench: ClusterBench;
beforeAll(async () => {
  bench = await ClusterBench.start();
});
afterAll(() => bench.close());

const peek = (query: string) =>
  bench.admin.done('GET', `/topics/${bench.topic}/messages/payload?partition=2&${query}`, bench.as('operator'));

describe('messages of a topic', () => {
  it('are shown decoded with their own schema, as JSON, as text or as bytes, and nothing is committed for it', async () => {
    const encoder = tenantEncoder(connectSchemaRegistry({ url: engines().schemaRegistry.url }), { autoRegister: true });
    await encoder.ready();
    const tenant: Tenant = {
      tenant_id: 'acme',
      name: 'Acme',
      state: 'active',
      version: 3,
      limits: DEFAULT_LIMITS,
      keys: [],
      updated_at: 5,
    };
    const [avro = null] = encoder.encode([tenant]);
    const groups = await bench.admin.kafka.listGroups();
    await bench.send(
      [avro, Buffer.from('{"a":[1,"ü"]}'), Buffer.from('plain'), Buffer.from([0xff, 0x00]), null].map((value) => ({
        partition: 2,
        key: 'k',
        value,
        headers: [{ key: 'h', value: Buffer.from('v') }],
      })),
    );
    const body = await peek('limit=5');
    expect(messagesOf(body).map(({ decoded }) => decoded)).toMatchObject([
      { kind: 'avro', subject: 'tenants-value', value: { tenant_id: 'acme', version: 3 } },
      { kind: 'json', value: { a: [1, 'ü'] } },
      { kind: 'text', text: 'plain' },
      { kind: 'bytes' },
      { kind: 'tombstone' },
    ]);
    expect(messagesOf(body)[3]).toMatchObject({
      offset: 3,
      keyBytes: 1,
      valueBytes: 2,
      key: { hex: '6b', text: 'k', cut: false },
      value: { hex: 'ff00', text: null },
      headers: [{ key: 'h', value: { text: 'v' } }],
    });
    // Other tests have groups of their own, which read nothing here.
    for (const group of (await bench.admin.kafka.listGroups()).filter((each) => !groups.includes(each)))
      expect([group, await bench.admin.kafka.stableOffsets(group, [bench.topic])]).toEqual([group, []]);
  });

  it('are shown to viewers without what they say', async () => {
    const answer = await bench.admin.call(
      'GET',
      `/api/v1/topics/${bench.topic}/messages?partition=2`,
      bench.as('viewer'),
    );
    expect(answer.status).toBe(200);
    expect(messagesOf(answer.body)[1]).toEqual({
      offset: 1,
      timestamp: expect.any(String),
      keyBytes: 1,
      valueBytes: 14,
      headerNames: ['h'],
      schemaId: null,
    });
    const refused = await bench.admin.call(
      'GET',
      `/api/v1/topics/${bench.topic}/messages/payload?partition=2`,
      bench.as('viewer'),
    );
    expect(refused).toMatchObject({ status: 403, body: { code: 'role_insufficient', required: 'operator' } });
  });

  it('were looked at by somebody: the audit has which', async () => {
    await peek('offset=1&limit=2');
    const [entry] = itemsOf(await bench.admin.done('GET', '/audit?action=topics.peek_payload&limit=1'));
    expect(entry).toMatchObject({ target: `topic:${bench.topic}[2]@1..2`, result: 'ok' });
  });

  it('come from an offset or a time on, some at a time', async () => {
    const { messages, nextOffset } = await peek('offset=0&limit=2');
    expect((messages as Body[]).map(({ offset }) => offset)).toEqual([0, 1]);
    expect(nextOffset).toBe(2);
    expect(await peek(`offset=${String(nextOffset)}&limit=100`)).toMatchObject({ nextOffset: null, low: 0, high: 5 });
    expect(messagesOf(await peek(`time=${Date.now() + 60_000}`))).toEqual([]);
    expect(messagesOf(await peek(`time=${Date.now() - 600_000}`))).toHaveLength(5);
  });

  it('are answered in part where they are large', async () => {
    await bench.send(Array.from({ length: 3 }, () => ({ partition: 3, value: Buffer.alloc(2_500_000, 'x') })));
    const body = await bench.admin.done(
      'GET',
      `/topics/${bench.topic}/messages/payload?partition=3&offset=0`,
      bench.as('operator'),
    );
    expect(messagesOf(body)).toHaveLength(1);
    expect(messagesOf(body)[0]).toMatchObject({ valueBytes: 2_500_000, value: { cut: true, text: null } });
    expect(body['nextOffset']).toBe(1);
    expect(JSON.stringify(body).length).toBeLessThan(1_000_000);
  });

  it('are answered as far as an open transaction lets them be seen', async () => {
    await bench.send([1, 2].map(() => ({ partition: 1, value: Buffer.from('seen') })));
    const path = `/topics/${bench.topic}/messages?partition=1&limit=3`;
    const open = new TransactionalProducer(connection(), {
      name: 'open',
      compression: 'lz4',
      transactionalId: uniqueName('open'),
      transactionTimeoutMs: 60_000,
    });
    try {
      await open.init();
      await open.begin();
      await open.send([{ topic: bench.topic, partition: 1, key: null, value: Buffer.from('not yet') }]);
      const held = await bench.admin.done('GET', path);
      expect(messagesOf(held)).toHaveLength(2);
      expect(held).toMatchObject({ heldBack: true });
      await open.commit();
    } finally {
      await open.close(1_000);
    }
    // The coordinator answers before it has written the markers.
    const whole = await eventually(
      () => bench.admin.done('GET', path),
      ({ heldBack }) => heldBack === false,
    );
    expect(whole).toMatchObject({ heldBack: false, nextOffset: null });
    expect(messagesOf(whole).at(-1)).toMatchObject({ valueBytes: 7 });
  });

  it.each([
    '',
    'partition=9',
    'partition=x',
    'partition=0&limit=0',
    'partition=0&limit=101',
    'partition=0&offset=1&time=1',
  ])('are refused for "%s"', async (query) => {
    const answer = await bench.admin.call('GET', `/api/v1/topics/${bench.topic}/messages?${query}`);
    expect(answer).toMatchObject({ status: 422, body: { code: 'parameter_invalid' } });
  });
});
