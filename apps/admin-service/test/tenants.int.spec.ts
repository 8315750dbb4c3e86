import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hashApiKey } from '@weir/tenancy';
import { eventually, uniqueName } from '@weir/testing';

import { AdminApp } from './support/admin-app.js';

describe('tenants', () => {
  let admin: AdminApp;
  beforeAll(async () => {
    admin = await AdminApp.start();
  });
  afterAll(() => admin.close());

  const newTenant = async (more: object = {}): Promise<string> => {
    const tenantId = uniqueName('t');
    await admin.done('POST', '/tenants', { body: { tenantId, name: 'A tenant', ...more } });
    return tenantId;
  };
  const newKey = async (tenantId: string, more: object = {}): Promise<{ key: string; keyId: string }> =>
    (await admin.done('POST', `/tenants/${tenantId}/keys`, {
      body: { scopes: ['ingest', 'query'], ...more },
    })) as { key: string; keyId: string };

  it('are created, read, changed, suspended, resumed and deleted, each change a version', async () => {
    const tenantId = uniqueName('t');
    const created = await admin.call('POST', '/api/v1/tenants', {
      body: { tenantId, name: 'Acme', limits: { maxLabels: 10 } },
    });
    expect(created).toMatchObject({
      status: 201,
      body: { tenantId, name: 'Acme', state: 'active', version: 1, limits: { maxLabels: 10, burst: null } },
    });
    expect(created.headers.get('etag')).toBe('"1"');
    expect(created.headers.get('location')).toBe(`/api/v1/tenants/${tenantId}`);
    const path = `/api/v1/tenants/${tenantId}`;
    const change = async (method: string, where: string, etag: string, body?: object) =>
      admin.call(method, `${path}${where}`, { body, headers: { 'if-match': etag } });
    expect(await change('PATCH', '', '"1"', { name: 'Acme Inc.', limits: { burst: 500 } })).toMatchObject({
      status: 200,
      body: { name: 'Acme Inc.', version: 2, limits: { maxLabels: 10, burst: 500 } },
    });
    expect(await change('POST', '/suspend', '"2"')).toMatchObject({ body: { state: 'suspended', version: 3 } });
    expect(await change('POST', '/resume', '"3"')).toMatchObject({ body: { state: 'active', version: 4 } });
    expect(await change('PATCH', '', '"4"', { limits: { maxLabels: null } })).toMatchObject({
      body: { version: 5, limits: { maxLabels: null, burst: 500 } },
    });
    expect(await change('DELETE', '', '"5"')).toMatchObject({ status: 200, body: { state: 'deleted', version: 6 } });
    expect(await change('POST', '/resume', '"6"')).toMatchObject({ status: 409, body: { code: 'tenant_deleted' } });
    expect(await admin.call('POST', '/api/v1/tenants', { body: { tenantId, name: 'Again' } })).toMatchObject({
      status: 409,
      body: { code: 'tenant_exists' },
    });
    expect(await admin.call('GET', path)).toMatchObject({ status: 200, body: { state: 'deleted', version: 6 } });
  });

  it('are not overwritten by an operator who read an older version, or none', async () => {
    const tenantId = await newTenant();
    const path = `/api/v1/tenants/${tenantId}`;
    const rename = (name: string, ifMatch: string | null) =>
      admin.call('PATCH', path, { body: { name }, headers: ifMatch === null ? {} : { 'if-match': ifMatch } });
    expect(await rename('One', null)).toMatchObject({ status: 428, body: { code: 'version_required' } });
    const [first, second] = await Promise.all([rename('One', '"1"'), rename('Two', '"1"')]);
    expect([first.status, second.status].toSorted((a, b) => a - b)).toEqual([200, 412]);
    const refused = first.status === 412 ? first : second;
    expect(refused.body).toMatchObject({ code: 'version_conflict', version: 2 });
    expect(await rename('Three', '*')).toMatchObject({ status: 200, body: { version: 3 } });
    expect(await rename('Three', '"3"')).toMatchObject({ status: 200, body: { version: 3 } }); // changes nothing
  });

  it('and their keys reach every service through the topic, as hashes', async () => {
    const view = admin.view();
    const tenantId = await newTenant({ limits: { maxLabels: 7, pastWindowMs: 60_000 } });
    const { key, keyId } = await newKey(tenantId);
    expect(key).toMatch(/^wk_[0-9a-f]{16}_[0-9a-f]{64}$/);
    await eventually(() => view.authenticate(key, Date.now()).kind === 'ok');
    expect(view.tenant(tenantId)?.limits).toMatchObject({ maxLabels: 7, pastWindowMs: 60_000 });
    expect(view.tenant(tenantId)?.record.keys).toEqual([
      {
        id: keyId,
        hash: hashApiKey(key).toString('hex'),
        scopes: ['ingest', 'query'],
        expires_at: null,
        revoked_at: null,
      },
    ]);
    await admin.done('POST', `/tenants/${tenantId}/suspend`, { headers: { 'if-match': '*' } });
    await eventually(() => view.authenticate(key, Date.now()).kind === 'suspended');
    await admin.done('POST', `/tenants/${tenantId}/resume`, { headers: { 'if-match': '*' } });
    await admin.done('POST', `/tenants/${tenantId}/keys/${keyId}/revoke`);
    await eventually(() => view.authenticate(key, Date.now()).kind === 'revoked');
  });

  it('have two live keys at most, so that one replaces the other; an expired or revoked one counts no more', async () => {
    const view = admin.view();
    const tenantId = await newTenant();
    const first = await newKey(tenantId, { label: 'old' });
    const second = await newKey(tenantId, { expiresAt: new Date(Date.now() + 6_000).toISOString(), scopes: ['query'] });
    const third = await admin.call('POST', `/api/v1/tenants/${tenantId}/keys`, { body: { scopes: ['ingest'] } });
    expect(third).toMatchObject({ status: 409, body: { code: 'too_many_keys' } });
    await eventually(() => view.authenticate(second.key, Date.now()).kind === 'expired');
    await newKey(tenantId);
    await admin.done('POST', `/tenants/${tenantId}/keys/${first.keyId}/revoke`);
    const again = await admin.done('POST', `/tenants/${tenantId}/keys/${first.keyId}/revoke`);
    await newKey(tenantId);
    const { items } = (await admin.done('GET', `/tenants/${tenantId}/keys`)) as { items: { keyId: string }[] };
    expect(items).toHaveLength(4);
    expect(items.find(({ keyId }) => keyId === first.keyId)).toEqual(again);
    expect(JSON.stringify(items)).not.toMatch(/wk_|hash/);
    expect(await admin.call('POST', `/api/v1/tenants/${tenantId}/keys/nobody/revoke`)).toMatchObject({
      status: 404,
      body: { code: 'key_not_found' },
    });
  });

  it('are listed page by page, each once, and a cursor serves its own question alone', async () => {
    const ids = [await newTenant(), await newTenant(), await newTenant()];
    const listed: string[] = [];
    let cursor: string | null = null;
    let elsewhere = '';
    do {
      const query: string = cursor === null ? '' : `&cursor=${cursor}`;
      const page = await admin.done('GET', `/tenants?state=active&limit=2${query}`);
      listed.push(...(page['items'] as { tenantId: string }[]).map(({ tenantId }) => tenantId));
      cursor = page['nextCursor'] as string | null;
      elsewhere = cursor ?? elsewhere;
    } while (cursor !== null);
    expect(await admin.call('GET', `/api/v1/tenants?limit=2&cursor=${elsewhere}`)).toMatchObject({
      status: 422,
      body: { code: 'cursor' },
    });
    expect(new Set(listed).size).toBe(listed.length);
    expect(listed).toEqual(expect.arrayContaining(ids));
  });

  it.each<[string, string, unknown, string]>([
    ['POST', '/tenants', [], 'body_invalid'],
    ['POST', '/tenants', { name: 'x' }, 'field_missing'],
    ['POST', '/tenants', { tenantId: 'x' }, 'field_missing'],
    ['POST', '/tenants', { tenantId: '_weir', name: 'x' }, 'field_invalid'],
    ['POST', '/tenants', { tenantId: 'a/b', name: 'x' }, 'field_invalid'],
    ['POST', '/tenants', { tenantId: 'a', name: '\0' }, 'field_invalid'],
    ['POST', '/tenants', { tenantId: 'a', name: '\ud800' }, 'field_invalid'],
    ['POST', '/tenants', { tenantId: 'a', name: 'x'.repeat(201) }, 'field_invalid'],
    ['POST', '/tenants', { tenantId: 'a', name: 'x', limit: {} }, 'field_unknown'],
    ['POST', '/tenants', { tenantId: 'a', name: 'x', limits: { maxLabel: 1 } }, 'field_unknown'],
    ['POST', '/tenants', { tenantId: 'a', name: 'x', limits: { maxLabels: 1.5 } }, 'field_invalid'],
    ['POST', '/tenants', { tenantId: 'a', name: 'x', limits: { maxLabels: 101 } }, 'field_invalid'],
    ['POST', '/tenants', { tenantId: 'a', name: 'x', limits: { inFlightShare: 0 } }, 'field_invalid'],
    ['POST', '/tenants', { tenantId: 'a', name: 'x', limits: { samplesPerSecond: '9' } }, 'field_invalid'],
    ['POST', '/tenants', { tenantId: 'a', name: 'x', limits: 3 }, 'body_invalid'],
    ['POST', '/tenants/a/keys', { scopes: [] }, 'field_invalid'],
    ['POST', '/tenants/a/keys', { scopes: ['ingest', 'ingest'] }, 'field_invalid'],
    ['POST', '/tenants/a/keys', { scopes: ['admin'] }, 'field_invalid'],
    ['POST', '/tenants/a/keys', { scopes: ['query'], expiresAt: 'tomorrow' }, 'field_invalid'],
    ['POST', '/tenants/a/keys', { scopes: ['query'], expiresAt: 1 }, 'field_invalid'],
    ['GET', '/tenants?limit=0', undefined, 'parameter_invalid'],
    ['GET', '/tenants?limit=501', undefined, 'parameter_invalid'],
    ['GET', '/tenants?state=gone', undefined, 'parameter_invalid'],
    ['GET', '/tenants?state=active&state=active', undefined, 'parameter_repeated'],
    ['GET', '/tenants?stat=active', undefined, 'parameter_unknown'],
    ['GET', '/tenants?cursor=abc', undefined, 'cursor'],
    ['GET', '/audit?from=yesterday', undefined, 'parameter_invalid'],
    ['GET', '/audit?actor=%00', undefined, 'parameter_invalid'],
  ])('%s %s of %j is refused with %s', async (method, path, body, code) => {
    expect(await admin.call(method, `/api/v1${path}`, { body })).toMatchObject({ status: 422, body: { code } });
  });

  it('that do not exist are 404, and nobody learns more', async () => {
    for (const [method, path] of [
      ['GET', ''],
      ['PATCH', ''],
      ['DELETE', ''],
      ['GET', '/keys'],
    ] as const)
      expect(
        await admin.call(method, `/api/v1/tenants/nobody${path}`, {
          headers: { 'if-match': '*' },
          ...(method === 'PATCH' && { body: { name: 'x' } }),
        }),
      ).toMatchObject({ status: 404, body: { code: 'tenant_not_found' } });
  });
});
