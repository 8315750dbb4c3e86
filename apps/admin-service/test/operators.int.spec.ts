import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateOperatorKey, hashApiKey } from '@weir/tenancy';

import { AuditTrail } from '../src/audit/audit-trail.js';
import { Database } from '../src/database/database.js';
import { Operators } from '../src/operators/operators.js';
import { AdminApp } from './support/admin-app.js';

describe('operators', () => {
  let admin: AdminApp;
  beforeAll(async () => {
    admin = await AdminApp.start();
  });
  afterAll(() => admin.close());

  const me = async (key: string) => (await admin.call('GET', '/api/v1/operators/me', { key })).status;

  it('begin with the bootstrap key, which is taken in once and does not come back after it was revoked', async () => {
    const operators = new Operators(admin.app.get(Database), admin.app.get(AuditTrail));
    expect(await operators.bootstrap(admin.adminKey)).toBe(false);
    expect(await operators.bootstrap(generateOperatorKey().key)).toBe(false);
    const first = await admin.done('GET', '/operators/me');
    expect(await admin.call('POST', `/api/v1/operators/${String(first['id'])}/revoke`)).toMatchObject({
      status: 409,
      body: { code: 'last_admin' },
    });
    const second = await admin.operator('admin');
    const asSecond = { key: second.key };
    await admin.done('POST', `/operators/${String(first['id'])}/revoke`, asSecond);
    expect(await me(admin.adminKey)).toBe(401);
    // Even with no admin left, a key that was known before is not taken in again; a new one is.
    await admin.pool.query('UPDATE admin.operators SET revoked_at = now()');
    expect(await operators.bootstrap(admin.adminKey)).toBe(false);
    const rescue = generateOperatorKey().key;
    expect(await operators.bootstrap(rescue)).toBe(true);
    expect(await me(rescue)).toBe(200);
    await admin.pool.query('UPDATE admin.operators SET revoked_at = NULL');
    expect(await me(admin.adminKey)).toBe(200);
  });

  it('cannot revoke the last two admins of one another at the same time', async () => {
    await admin.pool.query(`UPDATE admin.operators SET revoked_at = now() WHERE name <> 'First admin'`);
    await admin.pool.query(
      `DELETE FROM admin.operator_keys WHERE operator_id IN (SELECT id FROM admin.operators WHERE name = 'First admin') AND id <> split_part($1, '_', 2)`,
      [admin.adminKey],
    );
    const { rows } = await admin.pool.query<{ id: string }>(
      `SELECT operator_id AS id FROM admin.operator_keys WHERE id = split_part($1, '_', 2)`,
      [admin.adminKey],
    );
    await admin.pool.query('UPDATE admin.operators SET revoked_at = now() WHERE id <> $1', [rows[0]?.id]);
    const other = await admin.operator('admin');
    const answers = await Promise.all([
      admin.call('POST', `/api/v1/operators/${other.id}/revoke`),
      admin.call('POST', `/api/v1/operators/${rows[0]?.id}/revoke`, { key: other.key }),
    ]);
    const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
    expect([
      [200, 401],
      [200, 409],
    ]).toContainEqual(statuses);
    await admin.pool.query('UPDATE admin.operators SET revoked_at = NULL');
  });

  it('get a new key by rotation, and the one before opens nothing once its time is over', async () => {
    const { id, key } = await admin.operator('viewer');
    const rotate = async (body?: object) =>
      (await admin.done('POST', `/operators/${id}/rotate`, { body }))['key'] as string;
    const second = await rotate({ overlapSeconds: 600 });
    expect([await me(key), await me(second)]).toEqual([200, 200]);
    const third = await rotate();
    expect([await me(key), await me(second), await me(third)]).toEqual([401, 401, 200]);
    await admin.done('POST', `/operators/${id}/revoke`);
    expect(await me(third)).toBe(401);
    expect(await admin.call('POST', `/api/v1/operators/${id}/rotate`)).toMatchObject({
      status: 409,
      body: { code: 'operator_closed' },
    });
  });

  it('have keys of which the database knows only the hash', async () => {
    const { key } = await admin.operator('viewer');
    const { rows } = await admin.pool.query<{ hash: Buffer }>(
      `SELECT hash FROM admin.operator_keys WHERE id = split_part($1, '_', 2)`,
      [key],
    );
    expect(rows).toEqual([{ hash: hashApiKey(key) }]);
  });

  it('are listed page by page', async () => {
    await admin.operator('viewer');
    const first = await admin.done('GET', '/operators?limit=1');
    const second = await admin.done('GET', `/operators?limit=1&cursor=${String(first['nextCursor'])}`);
    expect(first['items']).toHaveLength(1);
    expect(second['items']).toHaveLength(1);
    expect(second['items']).not.toEqual(first['items']);
    expect(JSON.stringify([first, second])).not.toMatch(/wo_|hash/);
  });

  it.each([
    [{ name: 'x' }, 'field_missing'],
    [{ name: 'x', role: 'root' }, 'field_invalid'],
    [{ name: '', role: 'viewer' }, 'field_invalid'],
    [{ name: 'x', role: 'viewer', key: 'wo_mine' }, 'field_unknown'],
  ])('are not made of %j', async (body, code) => {
    expect(await admin.call('POST', '/api/v1/operators', { body })).toMatchObject({ status: 422, body: { code } });
  });
});
