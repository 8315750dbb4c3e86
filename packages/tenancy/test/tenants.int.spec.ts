import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connectSchemaRegistry, DEFAULT_LIMITS, type Tenant } from '@weir/avro';
import { type ConsumedRecord, KafkaAdmin, RecordProducer } from '@weir/kafka';
import { engines, eventually, TcpProxy, uniqueName } from '@weir/testing';
import { resolveTopics, tenants as tenantsTopic } from '@weir/topics';

import { generateApiKey, TenantsFeed, TenantsPublisher, TenantsView } from '../src/index.js';

const connection = {
  bootstrapServers: engines().kafka.bootstrapServers,
  clientId: 'tenancy-test',
  securityProtocol: 'PLAINTEXT',
} as const;
const registry = () => connectSchemaRegistry({ url: engines().schemaRegistry.url });

function tenant(changes: Partial<Tenant> = {}): Tenant {
  return {
    tenant_id: 'acme',
    name: 'Acme',
    state: 'active',
    version: 1,
    limits: DEFAULT_LIMITS,
    keys: [],
    updated_at: Date.now(),
    ...changes,
  };
}

describe('the tenants topic, from publisher to view', () => {
  let topic: string;
  let producer: RecordProducer;
  let publisher: TenantsPublisher;
  const feeds: TenantsFeed[] = [];

  beforeEach(async () => {
    const topics = resolveTopics({ prefix: `${uniqueName('tenancy')}.` });
    topic = topics.name(tenantsTopic);
    const admin = new KafkaAdmin(connection);
    await admin.ensureTopics([topics.resolved(tenantsTopic)]);
    await admin.close();
    producer = new RecordProducer(connection, {
      name: 'tenants',
      compression: 'none',
      lingerMs: 0,
      deliveryTimeoutMs: 10_000,
      maxQueuedRecords: 1000,
      maxQueuedBytes: 1_000_000,
    });
    await producer.start();
    publisher = new TenantsPublisher(producer, registry(), { topic, autoRegister: true });
  });

  afterEach(async () => {
    await Promise.all([...feeds.splice(0).map((feed) => feed.close()), producer.close(1000)]);
  });

  function follow(from = registry()): { view: TenantsView; passedOver: string[] } {
    const view = new TenantsView({ maxAgeMs: 60_000 });
    const passedOver: string[] = [];
    const observer = {
      passedOver: ({ offset }: ConsumedRecord, reason: string) => passedOver.push(`${offset} ${reason}`),
    };
    const feed = new TenantsFeed(connection, from, view, { topic, observer });
    feeds.push(feed);
    feed.start();
    return { view, passedOver };
  }

  it('is known whole to whoever starts later, and each change to whoever follows, within two seconds', async () => {
    const { id, key, hash } = generateApiKey();
    const keys = [{ id, hash, scopes: ['ingest'], expires_at: null, revoked_at: null }];
    await publisher.publish([tenant({ keys }), tenant({ tenant_id: 'other' })]);
    await publisher.publishSentinel();

    const { view } = follow();
    await eventually(() => view.state === 'ready');
    expect(view.authenticate(key, Date.now())).toMatchObject({ kind: 'ok', tenant: { id: 'acme' } });

    await publisher.publish([tenant({ version: 2, keys: keys.map((entry) => ({ ...entry, revoked_at: 1 })) })]);
    await eventually(() => view.authenticate(key, Date.now()).kind === 'revoked', Boolean, { timeoutMs: 2000 });
  });

  it('makes nobody ready while it is empty, as after someone created it again', async () => {
    const { view } = follow();
    await eventually(() => view.waitingFor === 'sentinel');
    await publisher.publish([tenant()]);
    await eventually(() => view.tenant('acme') !== null);
    expect(view.state).toBe('loading');

    await publisher.publishSentinel();
    await eventually(() => view.state === 'ready');
  });

  it('may hold records that nobody can use: they are passed over and told', async () => {
    await producer.send([
      { topic, key: 'acme', value: Buffer.from('no frame') },
      { topic, key: 'acme', value: null },
      { topic, key: 'acme', value: Buffer.from([0, 0x7f, 0xff, 0xff, 0xff, 1]) },
    ]);
    await publisher.publish([tenant()]);
    await publisher.publishSentinel();

    const { view, passedOver } = follow();
    await eventually(() => view.state === 'ready');
    expect(view.tenant('acme')).not.toBeNull();
    expect(passedOver).toEqual(['0 frame', '1 null_value', '2 unknown_schema']);
  });

  it('waits for a registry that is away, and forgets nothing meanwhile', async () => {
    const { url } = engines().schemaRegistry;
    const proxy = await TcpProxy.before(url, { away: true });
    await publisher.publish([tenant({ version: 1 }), tenant({ version: 3, name: 'Third' }), tenant({ version: 2 })]);
    await publisher.publishSentinel();

    const { view } = follow(connectSchemaRegistry({ url: proxy.url(url) }));
    await eventually(() => view.waitingFor === 'high_watermark');
    await proxy.resume();
    await eventually(() => view.state === 'ready');
    expect(view.tenant('acme')).toMatchObject({ name: 'Third' });
    await proxy.cut();
  });

  it('takes no tenant that readers would pass over', async () => {
    await expect(publisher.publish([tenant({ tenant_id: '_weir' })])).rejects.toMatchObject({ code: 'tenant_invalid' });
    await expect(publisher.publish([tenant({ tenant_id: 'a/b' })])).rejects.toMatchObject({ code: 'tenant_invalid' });
  });
});
