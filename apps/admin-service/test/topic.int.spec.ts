import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TenantsView } from '@weir/tenancy';
import { eventually, uniqueName } from '@weir/testing';
import { tenants as tenantsTopic } from '@weir/topics';

import { AdminApp } from './support/admin-app.js';

const serves = (view: TenantsView, keys: readonly string[]): boolean =>
  keys.every((key) => view.authenticate(key, Date.now()).kind === 'ok');

describe('the topic of tenants', () => {
  let admin: AdminApp;
  let topic: string;
  beforeAll(async () => {
    admin = await AdminApp.start();
    topic = admin.topics.name(tenantsTopic);
  });
  afterAll(() => admin.close());

  const newTenant = async (): Promise<{ tenantId: string; key: string }> => {
    const tenantId = uniqueName('t');
    await admin.done('POST', '/tenants', { body: { tenantId, name: 'A tenant' } });
    const { key } = await admin.done('POST', `/tenants/${tenantId}/keys`, { body: { scopes: ['ingest'] } });
    return { tenantId, key: String(key) };
  };

  it('has the sentinel from the first start on, so that services serve before there is any tenant', async () => {
    const view = admin.view();
    expect(await eventually(() => view.state === 'ready')).toBe(true);
  });

  it('is made and told everything again by itself where somebody deletes it', async () => {
    const [one, two] = [await newTenant(), await newTenant()];
    const before = admin.view();
    await eventually(() => serves(before, [one.key, two.key]));
    await admin.kafka.deleteTopics([topic]);
    const three = await newTenant(); // so that the topic that is made is not empty
    const view = admin.view();
    const all = [one.key, two.key, three.key];
    await eventually(() => serves(view, all), Boolean, { timeoutMs: 60_000 });
    expect(await eventually(() => serves(before, all), Boolean, { timeoutMs: 60_000 })).toBe(true);
  }, 120_000);

  it('is told everything again where an operator asks for it, and readers that know it notice nothing', async () => {
    const { tenantId, key } = await newTenant();
    const view = admin.view();
    await eventually(() => serves(view, [key]));
    const known = view.tenant(tenantId)?.record;
    const answer = await admin.call('POST', '/api/v1/tenants/republish');
    expect(answer).toMatchObject({ status: 202 });
    expect(Number(answer.body['tenants'])).toBeGreaterThan(0);
    await eventually(async () => {
      const { rows } = await admin.pool.query('SELECT FROM admin.outbox');
      return rows.length === 0;
    });
    expect(view.tenant(tenantId)?.record).toMatchObject({ version: known?.version });
    expect(serves(view, [key])).toBe(true);
  });

  it('is told again where its records were deleted', async () => {
    const { key } = await newTenant();
    await eventually(async () => {
      const [mark] = await admin.kafka.watermarks([topic]);
      return (mark?.high ?? 0) > 0;
    });
    await eventually(async () => {
      const { rows } = await admin.pool.query('SELECT FROM admin.outbox');
      return rows.length === 0;
    });
    const [mark] = await admin.kafka.watermarks([topic]);
    // Kafka deletes no records of a compacted topic for anybody.
    await admin.kafka.alterConfigs(topic, { 'cleanup.policy': 'compact,delete' });
    // The broker learns of the change after the controller has answered.
    await eventually(async () => {
      await admin.kafka.deleteRecords([{ topic, partition: 0, offset: mark?.high ?? 0 }]);
      return true;
    });
    await admin.pool.query(`UPDATE admin.published_topics SET published_at = now() - interval '1 minute'`);
    const view = admin.view();
    expect(await eventually(() => serves(view, [key]), Boolean, { timeoutMs: 60_000 })).toBe(true);
  });
});
