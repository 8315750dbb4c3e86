import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectSchemaRegistry } from '@weir/avro';
import { engines, uniqueName } from '@weir/testing';

import { type Body, ClusterBench } from './support/cluster-bench.js';

let bench: ClusterBench;
beforeAll(async () => {
  bench = await ClusterBench.start();
});
afterAll(() => bench.close());

const schema = (...fields: object[]) => ({ type: 'record', name: 'T', fields });

describe('schemas', () => {
  const registry = connectSchemaRegistry({ url: engines().schemaRegistry.url });
  const subject = `${uniqueName('subject')}/a b`;
  const path = `/schemas/${encodeURIComponent(subject)}`;
  const [id, note] = [
    { name: 'id', type: 'string' },
    { name: 'note', type: 'string', default: '' },
  ];
  beforeAll(async () => {
    await registry.register(subject, JSON.stringify(schema(id)), 'BACKWARD');
    await registry.register(subject, JSON.stringify(schema(id, note)), 'BACKWARD');
  });

  it('are listed by subject, with versions, compatibility and text', async () => {
    const subjects = await bench.everyItem('/schemas?limit=500');
    expect(subjects).toContainEqual({ subject: 'tenants-value', own: true });
    const detail = await bench.admin.done('GET', path, bench.as('viewer'));
    expect(detail).toMatchObject({ subject, own: false, compatibility: 'BACKWARD' });
    expect((detail['versions'] as Body[]).map(({ version }) => version)).toEqual([2, 1]);
    const first = await bench.admin.done('GET', `${path}/versions/1`);
    expect(JSON.parse(String(first['schema']))).toEqual(schema(id));
  });

  it('tell what differs between two versions', async () => {
    const diff = { subject, from: 1, to: 2, differences: [{ path: 'fields.note', before: null, after: note }] };
    expect(await bench.admin.done('GET', `${path}/diff`)).toEqual(diff);
    expect(await bench.admin.done('GET', `${path}/diff?from=2&to=1`)).toMatchObject({
      differences: [{ path: 'fields.note', before: note, after: null }],
    });
  });

  it('say whether a candidate could become the next version, and register nothing', async () => {
    const check = (candidate: unknown) =>
      bench.admin.call('POST', `/api/v1${path}/compatibility`, { ...bench.as('viewer'), body: { schema: candidate } });
    expect(await check(schema(id))).toMatchObject({ status: 200, body: { compatible: true } });
    expect(await check(JSON.stringify(schema(id, note)))).toMatchObject({ body: { compatible: true } });
    const refused = await check(schema(id, { name: 'must', type: 'int' }));
    expect(refused).toMatchObject({ status: 200, body: { compatible: false } });
    expect(await check({ type: 'no type' })).toMatchObject({ status: 422, body: { code: 'field_invalid' } });
    expect((await bench.admin.done('GET', path))['versions']).toHaveLength(2);
  });

  it.each([
    'nobody-value',
    'nobody-value/versions/1',
    'tenants-value/versions/999',
    'tenants-value/versions/x',
    'nobody-value/diff',
  ])('%s is not found', async (where) => {
    expect((await bench.admin.call('GET', `/api/v1/schemas/${where}`)).status).toBe(404);
  });
});
