import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { generateApiKey, generateOperatorKey } from '@weir/tenancy';

import { AdminApp } from './support/admin-app.js';
import { apiRoutes, type Route } from './support/routes.js';

const ROLES = ['viewer', 'operator', 'admin'] as const;

/** Who may do what: the least role, by route. A route that is not here fails the test, and so does one that is here alone. */
const MATRIX: Readonly<Record<string, (typeof ROLES)[number]>> = {
  'GET /api/v1/operators': 'admin',
  'GET /api/v1/operators/me': 'viewer',
  'POST /api/v1/operators': 'admin',
  'POST /api/v1/operators/:operatorId/rotate': 'admin',
  'POST /api/v1/operators/:operatorId/revoke': 'admin',
  'GET /api/v1/tenants': 'viewer',
  'POST /api/v1/tenants': 'admin',
  'POST /api/v1/tenants/republish': 'operator',
  'GET /api/v1/tenants/:tenantId': 'viewer',
  'PATCH /api/v1/tenants/:tenantId': 'admin',
  'POST /api/v1/tenants/:tenantId/suspend': 'operator',
  'POST /api/v1/tenants/:tenantId/resume': 'operator',
  'DELETE /api/v1/tenants/:tenantId': 'admin',
  'GET /api/v1/tenants/:tenantId/keys': 'viewer',
  'POST /api/v1/tenants/:tenantId/keys': 'admin',
  'POST /api/v1/tenants/:tenantId/keys/:keyId/revoke': 'operator',
  'GET /api/v1/audit': 'operator',
  'GET /api/v1/topics': 'viewer',
  'POST /api/v1/topics/create-missing': 'operator',
  'GET /api/v1/topics/:topic': 'viewer',
  'GET /api/v1/topics/:topic/messages': 'viewer',
  'GET /api/v1/topics/:topic/messages/payload': 'operator',
  'GET /api/v1/consumer-groups': 'viewer',
  'GET /api/v1/consumer-groups/:groupId': 'viewer',
  'POST /api/v1/consumer-groups/:groupId/offsets': 'admin',
  'GET /api/v1/schemas': 'viewer',
  'GET /api/v1/schemas/:subject': 'viewer',
  'GET /api/v1/schemas/:subject/versions/:version': 'viewer',
  'GET /api/v1/schemas/:subject/diff': 'viewer',
  'POST /api/v1/schemas/:subject/compatibility': 'viewer',
  'GET /api/v1/dlq/messages': 'viewer',
  'GET /api/v1/dlq/messages/export': 'viewer',
  'GET /api/v1/dlq/messages/:letterId': 'viewer',
  'GET /api/v1/dlq/messages/:letterId/diagnosis': 'viewer',
  'GET /api/v1/dlq/messages/:letterId/payload': 'operator',
  'POST /api/v1/dlq/messages/discard': 'operator',
  'POST /api/v1/dlq/messages/restore': 'operator',
  'POST /api/v1/dlq/messages/:letterId/discard': 'operator',
  'POST /api/v1/dlq/messages/:letterId/restore': 'operator',
  'GET /api/v1/dlq/groups': 'viewer',
  'GET /api/v1/dlq/groups/:fingerprint': 'viewer',
  'GET /api/v1/dlq/index': 'viewer',
  'POST /api/v1/dlq/index/rebuild': 'admin',
  'POST /api/v1/dlq/replays/plan': 'operator',
  'POST /api/v1/dlq/replays': 'operator',
  'GET /api/v1/dlq/replays': 'viewer',
  'GET /api/v1/dlq/replays/:replayId': 'viewer',
  'GET /api/v1/dlq/replays/:replayId/events': 'viewer',
  'GET /api/v1/dlq/replays/:replayId/records': 'viewer',
  'PATCH /api/v1/dlq/replays/:replayId': 'operator',
  'POST /api/v1/dlq/replays/:replayId/pause': 'operator',
  'POST /api/v1/dlq/replays/:replayId/resume': 'operator',
  'POST /api/v1/dlq/replays/:replayId/cancel': 'operator',
};

describe('the role matrix', () => {
  let admin: AdminApp;
  let routes: Route[];
  const keys = new Map<string, string | null>();

  beforeAll(async () => {
    admin = await AdminApp.start();
    routes = apiRoutes(admin.app);
    for (const role of ROLES) keys.set(role, (await admin.operator(role)).key);
    const revoked = await admin.operator('admin');
    await admin.done('POST', `/operators/${revoked.id}/revoke`);
    const rotated = await admin.operator('admin');
    await admin.done('POST', `/operators/${rotated.id}/rotate`);
    keys.set('revoked', revoked.key).set('rotated', rotated.key).set('none', null);
    keys.set('unknown', generateOperatorKey().key).set('tenant', generateApiKey().key).set('nonsense', 'nonsense');
  });
  afterAll(() => admin.close());

  const ask = async ({ method, path }: Route, key: string | null) => {
    const where = path.replaceAll(/:\w+/g, 'nobody');
    return admin.call(method, where, { key });
  };

  it('has a row for every route that the app serves, and each route declares the role that stands there', () => {
    expect(Object.fromEntries(routes.map(({ method, path, allowed }) => [`${method} ${path}`, allowed?.role]))).toEqual(
      MATRIX,
    );
  });

  it('has an audit name of its own for every route', () => {
    const actions = routes.map(({ allowed }) => allowed?.action);
    expect(new Set(actions).size).toBe(routes.length);
  });

  it.each(Object.entries(MATRIX))('%s takes %s and above, and nobody else', async (name, least) => {
    const route = routes.find(({ method, path }) => `${method} ${path}` === name);
    if (route === undefined) throw new Error('there is no such route');
    for (const role of ROLES) {
      const answer = await ask(route, keys.get(role) ?? null);
      const may = ROLES.indexOf(role) >= ROLES.indexOf(least);
      expect([role, answer.status === 403]).toEqual([role, !may]);
      expect(answer.status).not.toBe(401);
      expect(answer.status).not.toBe(500);
      expect(answer.body).toMatchObject(may ? {} : { code: 'role_insufficient', required: least });
    }
    const refusals = { revoked: 'operator_revoked', rotated: 'operator_key_expired', none: 'operator_key_missing' };
    for (const who of ['revoked', 'rotated', 'none', 'unknown', 'tenant', 'nonsense']) {
      const answer = await ask(route, keys.get(who) ?? null);
      const code = refusals[who as keyof typeof refusals] ?? 'operator_key_invalid';
      expect([who, answer.status, answer.body['code']]).toEqual([who, 401, code]);
      expect(answer.headers.get('www-authenticate')).toContain('Bearer');
    }
  });

  it('takes the key as a bearer token as well', async () => {
    const answer = await admin.call('GET', '/api/v1/operators/me', {
      key: null,
      headers: { authorization: `Bearer ${keys.get('viewer')}` },
    });
    expect(answer).toMatchObject({ status: 200, body: { role: 'viewer' } });
  });

  it('does not close what is no call of an operator', async () => {
    for (const path of ['/health', '/health/live', '/metrics', '/docs-json'])
      expect((await admin.call('GET', path, { key: null })).status).toBe(200);
  });
});
