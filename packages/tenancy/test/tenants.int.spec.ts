import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connectSchemaRegistry } from '@weir/avro';
import { engines, eventually, medianOf, TcpProxy } from '@weir/testing';

import { newKey, tenant, TenantsTopic } from './topic-fixture.js';

let topic: TenantsTopic;
beforeEach(async () => {
  topic = await TenantsTopic.make();
});
afterEach(() => topic.close());

describe('the tenants topic, from publisher to view', () => {
  it('is known whole to whoever starts later, and each change to whoever follows, within two seconds', async () => {
    const { presented, entry } = newKey();
    await topic.publisher.publish([tenant({ keys: [entry] }), tenant({ tenant_id: 'other' })]);
    await topic.publisher.publishSentinel();

    const { view } = topic.follow();
    await eventually(() => view.state === 'ready');
    expect(view.authenticate(presented, Date.now())).toMatchObject({ kind: 'ok', tenant: { id: 'acme' } });

    const heardMs = async (n: number): Promise<number> => {
      const [kind, version] = [n % 2 === 0 ? 'revoked' : 'ok', n + 2];
      const since = performance.now();
      await topic.publisher.publish([
        tenant({ version, keys: [{ ...entry, revoked_at: kind === 'revoked' ? 1 : null }] }),
      ]);
      await eventually(() => view.authenticate(presented, Date.now()).kind === kind);
      return performance.now() - since;
    };
    expect(await medianOf(5, heardMs)).toBeLessThan(2_000);
  });

  it('makes nobody ready while it is empty, as after someone created it again', async () => {
    const { view } = topic.follow();
    await eventually(() => view.waitingFor === 'sentinel');
    await topic.publisher.publish([tenant()]);
    await eventually(() => view.tenant('acme') !== null);
    expect(view.state).toBe('loading');

    await topic.publisher.publishSentinel();
    await eventually(() => view.state === 'ready');
  });

  it('may hold records that nobody can use: they are passed over and told', async () => {
    await topic.producer.send([
      { topic: topic.name, key: 'acme', value: Buffer.from('no frame') },
      { topic: topic.name, key: 'acme', value: null },
      { topic: topic.name, key: 'acme', value: Buffer.from([0, 0x7f, 0xff, 0xff, 0xff, 1]) },
    ]);
    await topic.publisher.publish([tenant()]);
    await topic.publisher.publishSentinel();

    const { view, passedOver } = topic.follow();
    await eventually(() => view.state === 'ready');
    expect(view.tenant('acme')).not.toBeNull();
    expect(passedOver).toEqual(['0 frame', '1 null_value', '2 unknown_schema']);
  });

  it('waits for a registry that is away, and forgets nothing meanwhile', async () => {
    const { url } = engines().schemaRegistry;
    const proxy = await TcpProxy.before(url, { away: true });
    const { publisher } = topic;
    await publisher.publish([tenant({ version: 1 }), tenant({ version: 3, name: 'Third' }), tenant({ version: 2 })]);
    await publisher.publishSentinel();

    const { view, feed } = topic.follow({ registry: connectSchemaRegistry({ url: proxy.url(url) }) });
    await eventually(() => feed.ageMs() < Infinity && feed.ageMs() > 1_500); // read, and grows older undecoded
    expect(view.waitingFor).toBe('high_watermark');
    await proxy.resume();
    await eventually(() => view.state === 'ready');
    expect(view.tenant('acme')).toMatchObject({ name: 'Third' });
    await proxy.cut();
  });

  it('takes no tenant that readers would pass over', async () => {
    for (const odd of [tenant({ tenant_id: '_weir' }), tenant({ tenant_id: 'a/b' })])
      await expect(topic.publisher.publish([odd])).rejects.toMatchObject({ code: 'tenant_invalid' });
  });
});

describe('a view whose broker goes away', () => {
  it('starts without it, then serves the keys that it knows, calls none unknown, and after its greatest age serves nobody', async () => {
    const { presented, entry } = newKey();
    const another = newKey();
    await topic.publisher.publish([tenant({ keys: [entry] })]);
    await topic.publisher.publishSentinel();
    const broker = await TcpProxy.beforeBroker(engines().kafka.bootstrapServers, { away: true });
    const { view, feed, failures } = topic.follow({
      bootstrapServers: broker.address,
      freshMs: 2_000,
      maxAgeMs: 12_000,
    });
    const answer = (key: string): string => view.authenticate(key, Date.now()).kind;
    await eventually(() => failures.includes('kafka_unavailable'));
    expect(view.state).toBe('loading');
    expect(answer(presented)).toBe('unavailable');
    expect(feed.connected).toBe(false);

    await broker.resume();
    await eventually(() => answer(presented) === 'ok');
    await eventually(() => feed.connected && answer(another.presented) === 'unknown');

    await broker.cut();
    await topic.publisher.publish([tenant({ version: 2, keys: [entry, another.entry] })]);
    await eventually(() => answer(another.presented) === 'unavailable');
    expect(answer(presented)).toBe('ok');
    await eventually(() => view.state === 'stale' && !feed.connected);
    expect(answer(presented)).toBe('unavailable');

    await broker.resume();
    await eventually(() => answer(another.presented) === 'ok');
    expect(answer(presented)).toBe('ok');
    await broker.cut();
  });
});

describe('a topic that was deleted and made anew', () => {
  it('turns nobody away while it is empty, and counts alone once it was read, whatever versions the old one had', async () => {
    const [old, fresh] = [newKey(), newKey()];
    await topic.publisher.publish([tenant({ version: 7, keys: [old.entry] }), tenant({ tenant_id: 'gone' })]);
    await topic.publisher.publishSentinel();
    const { view } = topic.follow();
    const answer = (key: string): string => view.authenticate(key, Date.now()).kind;
    await eventually(() => answer(old.presented) === 'ok');

    await topic.delete();
    await topic.create();
    await eventually(() => view.waitingFor === 'sentinel');
    expect(answer(old.presented)).toBe('unavailable');
    expect(answer(fresh.presented)).toBe('unavailable');

    await topic.publisher.publish([tenant({ version: 1, keys: [fresh.entry] })]);
    await topic.publisher.publishSentinel();
    await eventually(() => answer(fresh.presented) === 'ok');
    await eventually(() => answer(old.presented) === 'unknown');
    expect(view.tenant('gone')).toBeNull();
  });
});
