/** The demo's tenant and its API key, made through admin-service as an operator would. */
import { SetupError } from './console.mjs';

export const TENANT_ID = 'demo';
const API_KEY = 'demo.tenantKey';
/** Keys that a start made carry it, so that the next one may revoke what it does not know. */
const LABEL = 'npm start';
const PATIENCE_MS = 30_000;

/** @typedef {{ keyId: string, label: string, expiresAt: string | null, revokedAt: string | null }} Key */
/** @typedef {(method: string, path: string, body?: object) => Promise<{ status: number, body: any }>} Call */

/**
 * Sees to it that the tenant is there, and that the key which this stack keeps opens its doors; answers that key.
 *
 * @param {{ url: string, operatorKey: string, home: import('@weir/local-stack').StackHome, signal: AbortSignal }} options `url` of admin-service
 * @returns {Promise<string>}
 */
export async function ensureDemoTenant({ url, operatorKey, home, signal }) {
  const call = operatorCalls(url, operatorKey, signal);
  const made = await call('POST', '', { tenantId: TENANT_ID, name: 'Demo: this machine' });
  if (made.status !== 201 && made.status !== 409) throw unexpected('create the tenant', made);

  const listed = await call('GET', `/${TENANT_ID}/keys?limit=500`);
  if (listed.status !== 200) throw unexpected('list the keys', listed);
  const live = /** @type {Key[]} */ (listed.body.items).filter(
    ({ expiresAt, revokedAt }) => revokedAt === null && (expiresAt === null || Date.parse(expiresAt) > Date.now()),
  );
  const kept = home.knows(API_KEY) ? home.secret(API_KEY) : '';
  if (live.some(({ keyId }) => kept.startsWith(`wk_${keyId}_`))) return kept;

  // A start that ended between making its key and writing it down left one that nobody knows.
  for (const { keyId, label } of live) if (label === LABEL) await call('POST', `/${TENANT_ID}/keys/${keyId}/revoke`);
  const issued = await call('POST', `/${TENANT_ID}/keys`, { scopes: ['ingest', 'query'], label: LABEL });
  if (issued.status !== 201) throw unexpected('issue a key', issued);
  home.keepSecret(API_KEY, issued.body.key);
  return issued.body.key;
}

/** @param {string} url @param {string} operatorKey @param {AbortSignal} signal @returns {Call} below /api/v1/tenants */
function operatorCalls(url, operatorKey, signal) {
  return async (method, path, body) => {
    const response = await fetch(`${url}/api/v1/tenants${path}`, {
      method,
      headers: { 'X-Operator-Key': operatorKey, ...(body && { 'Content-Type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
    });
    return { status: response.status, body: await response.json() };
  };
}

/** @param {string} what @param {{ status: number, body: any }} answer */
function unexpected(what, { status, body }) {
  const unknownKey = body.code === 'operator_key_invalid';
  const hint = unknownKey ? ' The database knows another first admin; `npm start -- --fresh` forgets it.' : '';
  return new SetupError(`The demo's tenant: admin-service did not ${what} (${status} ${body.code}).${hint}`);
}
