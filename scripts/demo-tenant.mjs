/**
 * The demo's tenant. A process of its own, since it loads the native Kafka client.
 *
 *   node demo-tenant.mjs key       prints a new API key
 *   node demo-tenant.mjs publish   writes the tenant of DEMO_API_KEY, and the sentinel, to the topic `tenants`
 */
import { connectSchemaRegistry, DEFAULT_LIMITS } from '@weir/avro';
import { KafkaAdmin, RecordProducer } from '@weir/kafka';
import { apiKeyId, generateApiKey, hashApiKey, TenantsPublisher } from '@weir/tenancy';
import { resolveTopics, tenants } from '@weir/topics';

export const TENANT_ID = 'demo';
const PATIENCE_MS = 30_000;

if (process.argv[2] === 'key') console.log(generateApiKey().key);
else await publish();

async function publish() {
  const apiKey = required('DEMO_API_KEY');
  const connection = /** @type {const} */ ({
    bootstrapServers: required('KAFKA_BOOTSTRAP_SERVERS'),
    clientId: 'weir-demo',
    securityProtocol: 'PLAINTEXT',
  });
  const topics = resolveTopics({ prefix: process.env['KAFKA_TOPIC_PREFIX'] ?? '' });
  const admin = new KafkaAdmin(connection);
  await admin.ensureTopics([topics.resolved(tenants)]);
  await admin.close();

  const producer = new RecordProducer(connection, {
    name: 'demo',
    compression: 'none',
    lingerMs: 0,
    deliveryTimeoutMs: PATIENCE_MS,
    maxQueuedRecords: 100,
    maxQueuedBytes: 1_000_000,
  });
  await producer.start();
  const registry = connectSchemaRegistry({ url: required('SCHEMA_REGISTRY_URL') });
  const publisher = new TenantsPublisher(producer, registry, { topic: topics.name(tenants), autoRegister: true });
  const signal = AbortSignal.timeout(PATIENCE_MS);
  await publisher.publish([demoTenant(apiKey)], signal);
  await publisher.publishSentinel(signal);
  await producer.close(PATIENCE_MS);
}

/** Version 1 at every start: what an operator changed since has a higher one, and stands. @param {string} apiKey */
function demoTenant(apiKey) {
  const key = {
    id: apiKeyId(apiKey) ?? '',
    hash: hashApiKey(apiKey).toString('hex'),
    scopes: ['ingest', 'query'],
    expires_at: null,
    revoked_at: null,
  };
  return /** @type {const} */ ({
    tenant_id: TENANT_ID,
    name: 'Demo: this machine',
    state: 'active',
    version: 1,
    limits: DEFAULT_LIMITS,
    keys: [key],
    updated_at: Date.now(),
  });
}

/** @param {string} name @returns {string} */
function required(name) {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}
