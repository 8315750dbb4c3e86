import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectSchemaRegistry, subjects, tenantEncoder } from '@weir/avro';
import { type CorpusRecord, engines, eventually, readCorpus, uniqueName } from '@weir/testing';

import { newKey, tenant, TenantsTopic } from './topic-fixture.js';

/** Inputs that went wrong once, or may one day. Whoever finds another one adds it as a file. */
const corpus = readCorpus(new URL('corpus/', import.meta.url));
/** A record of a lower version than is known: nothing is wrong with it. */
const passedOverOnes = corpus.filter(({ expected }) => expected !== 'ignored');

describe('the view of tenants, given every record of the corpus', () => {
  const { presented, entry } = newKey();
  let topic: TenantsTopic;

  beforeAll(async () => {
    topic = await TenantsTopic.make();
    await topic.publisher.publish([tenant({ version: 8, keys: [entry] })]);
    const values = await Promise.all(corpus.map(framed));
    for (const [at, { key, headers }] of corpus.entries())
      await topic.producer.send([{ topic: topic.name, key, headers, value: values[at] ?? null }]);
    await topic.publisher.publishSentinel();
  });
  afterAll(() => topic.close());

  it('tells why it passes over each, under the reason that its name says, and knows what it knew before', async () => {
    const { view, passedOver } = topic.follow();
    await eventually(() => view.state === 'ready', Boolean, { timeoutMs: 60_000 });
    const told = passedOver.map((line) => line.split(' ')[1]);
    expect(told).toEqual(passedOverOnes.map(({ expected }) => expected));
    expect(view.size).toBe(1);
    expect(view.tenant('acme')).toMatchObject({ name: 'Acme', record: { version: 8 } });
    expect(view.authenticate(presented, Date.now()).kind).toBe('ok');
  });
});

async function framed({ schema, value }: CorpusRecord): Promise<Buffer | null> {
  if (schema === null || value === null) return value;
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(await idOf(schema), 1);
  return Buffer.concat([frame, value]);
}

async function idOf(schema: string | object): Promise<number> {
  const registry = connectSchemaRegistry({ url: engines().schemaRegistry.url });
  if (typeof schema === 'object') return registry.register(uniqueName('foreign'), JSON.stringify(schema), 'BACKWARD');
  const encoder = tenantEncoder(registry, { autoRegister: true });
  await encoder.ready();
  const known = subjects.tenants.versions.find(({ version }) => version === schema);
  const id = known === undefined ? null : await registry.idOf(subjects.tenants.subject, known.schema);
  if (id === null) throw new Error(`The registry has no schema ${schema} of tenants`);
  return id;
}
