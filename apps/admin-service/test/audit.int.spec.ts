import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, uniqueName } from '@weir/testing';

import { Refusals } from '../src/audit/refusals.js';
import type { AuditView } from '../src/audit/audit-log.js';
import { AdminApp } from './support/admin-app.js';

describe('the audit', () => {
  let admin: AdminApp;
  beforeAll(async () => {
    admin = await AdminApp.start();
  });
  afterAll(() => admin.close());

  const entries = async (query: string): Promise<AuditView[]> =>
    (await admin.done('GET', `/audit?${query}`))['items'] as AuditView[];

  it('tells who changed what, before and after, from where, and whether it was done', async () => {
    const tenantId = uniqueName('t');
    const target = `tenant:${tenantId}`;
    const headers = { 'user-agent': 'curl/8', 'x-correlation-id': uniqueName('c') };
    await admin.done('POST', '/tenants', { body: { tenantId, name: 'Acme' }, headers });
    await admin.done('PATCH', `/tenants/${tenantId}`, { body: { name: 'Ajax' }, headers: { 'if-match': '"1"' } });
    const me = await admin.done('GET', '/operators/me');
    const [changed, created] = await entries(`target=${encodeURIComponent(target)}`);
    expect(created).toMatchObject({
      actor: me['id'],
      actorName: 'First admin',
      role: 'admin',
      action: 'tenants.create',
      target,
      before: null,
      after: { tenantId, name: 'Acme', version: 1 },
      address: '127.0.0.1',
      userAgent: 'curl/8',
      correlationId: headers['x-correlation-id'],
      result: 'ok',
      status: 201,
      count: 1,
    });
    expect(changed).toMatchObject({
      action: 'tenants.update',
      before: { name: 'Acme', version: 1 },
      after: { name: 'Ajax', version: 2 },
    });
  });

  it('holds calls that only looked, that were refused for what they asked, and that failed', async () => {
    const correlationId = uniqueName('c');
    const headers = { 'x-correlation-id': correlationId };
    await admin.call('GET', '/api/v1/tenants', { headers });
    await admin.call('GET', '/api/v1/tenants/nobody', { headers });
    await admin.call('POST', '/api/v1/tenants', { headers, body: { tenantId: 'x' } });
    const mine = (await entries('limit=50')).filter((entry) => entry.correlationId === correlationId);
    expect(mine.map(({ action, target, result, status }) => [action, target, result, status])).toEqual([
      ['tenants.create', null, 'field_missing', 422],
      ['tenants.read', 'nobody', 'tenant_not_found', 404],
      ['tenants.list', null, 'ok', 200],
    ]);
  });

  it('holds no change that was rolled back, and every change once', async () => {
    const tenantId = uniqueName('t');
    const create = () => admin.call('POST', '/api/v1/tenants', { body: { tenantId, name: 'Once' } });
    const answers = await Promise.all([create(), create(), create()]);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409, 409]);
    const created = (await entries('action=tenants.create&limit=50')).filter(
      ({ target }) => target === `tenant:${tenantId}`,
    );
    expect(created).toHaveLength(1);
  });

  it('is narrowed by actor, action, result and time, and walked page by page', async () => {
    const viewer = await admin.operator('viewer');
    for (let i = 0; i < 5; i += 1) await admin.call('GET', `/api/v1/tenants/nobody-${i}`, { key: viewer.key });
    const question = `actor=${viewer.id}&action=tenants.read&result=tenant_not_found`;
    const found: AuditView[] = [];
    let cursor: string | null = null;
    do {
      const page: Record<string, unknown> = await admin.done(
        'GET',
        `/audit?${question}&limit=2${cursor === null ? '' : `&cursor=${cursor}`}`,
      );
      found.push(...(page['items'] as AuditView[]));
      cursor = page['nextCursor'] as string | null;
    } while (cursor !== null);
    expect(found.map(({ target }) => target)).toEqual([4, 3, 2, 1, 0].map((i) => `nobody-${i}`));
    const [last] = found;
    const from = encodeURIComponent(last?.at ?? '');
    expect(await entries(`${question}&from=${from}`)).toEqual([last]);
    expect(await entries(`${question}&to=${from}`)).toHaveLength(4);
  });

  it('comes out on audit.log as well, in order for each actor', async () => {
    const records = admin.auditRecords();
    const operator = await admin.operator('operator');
    for (let i = 0; i < 5; i += 1) await admin.call('GET', `/api/v1/tenants/n-${i}`, { key: operator.key });
    const ofOperator = () => records.filter(({ actor }) => actor === operator.id);
    await eventually(() => ofOperator().length === 5);
    expect(ofOperator().map(({ target }) => target)).toEqual([0, 1, 2, 3, 4].map((i) => `n-${i}`));
    const listed = await entries(`actor=${operator.id}`);
    expect(ofOperator().map(({ entry_id }) => entry_id)).toEqual(listed.map(({ entryId }) => entryId).toReversed());
  });

  it('never holds a key, a hash or a secret', async () => {
    const tenantId = uniqueName('t');
    await admin.done('POST', '/tenants', { body: { tenantId, name: 'Keeps secrets' } });
    const key = await admin.done('POST', `/tenants/${tenantId}/keys`, { body: { scopes: ['query'] } });
    await admin.done('POST', `/tenants/${tenantId}/keys/${String(key['keyId'])}/revoke`);
    await admin.done('DELETE', `/tenants/${tenantId}`, { headers: { 'if-match': '*' } });
    const operator = await admin.operator('viewer');
    await admin.done('POST', `/operators/${operator.id}/rotate`);
    await admin.done('POST', `/operators/${operator.id}/revoke`);
    await admin.call('GET', '/api/v1/tenants', { key: String(key['key']) });
    await eventually(
      () => entries('result=operator_key_invalid'),
      (found) => found.length > 0,
    );
    const secrets = [key['key'], operator.key, admin.adminKey].map((text) => String(text).split('_')[2] ?? '-');
    const { rows } = await admin.pool.query<{ text: string }>(
      `SELECT audit::text AS text FROM admin.audit UNION ALL SELECT encode(value, 'escape') FROM admin.outbox`,
    );
    const texts = rows.map(({ text }) => text).join('\n');
    for (const secret of secrets) expect(texts).not.toContain(secret);
    expect(texts).not.toMatch(/w[ko]_[0-9a-f]+_|"hash"/);
  });

  it('holds calls that were turned away, and past a bound only how many they were', async () => {
    const { rows: before } = await admin.pool.query<{ count: string }>(
      `SELECT count(*) FROM admin.audit WHERE result = 'operator_key_missing'`,
    );
    const refusals = admin.app.get(Refusals);
    await refusals.stop(); // so that no minute ends amid the calls
    for (let i = 0; i < 40; i += 1)
      await admin.call('GET', '/api/v1/tenants', { key: null, headers: { 'user-agent': 'flood' } });
    await refusals.stop(); // as at the end of a minute
    const { rows } = await admin.pool.query<{ result: string; actor: string; count: number }>(
      `SELECT result, actor, count FROM admin.audit WHERE user_agent = 'flood' OR action = 'calls.refused' ORDER BY id`,
    );
    const single = rows.filter(({ result }) => result === 'operator_key_missing');
    const summed = rows.filter(({ actor }) => actor === 'weir');
    expect(Number(before[0]?.count)).toBe(0);
    expect(single.length).toBeLessThanOrEqual(10);
    expect(single.every(({ actor }) => actor === 'anonymous')).toBe(true);
    expect(summed).toHaveLength(1);
    expect(single.length + (summed[0]?.count ?? 0)).toBeGreaterThanOrEqual(40);
  });
});
