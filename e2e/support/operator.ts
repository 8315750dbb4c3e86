import { generateOperatorKey } from '@weir/tenancy';

/** The key of a first admin. */
export const operatorKey = (): string => generateOperatorKey().key;

/** Calls admin-service as an operator does. */
export class Operator {
  constructor(
    readonly url: string,
    readonly key: string,
  ) {}

  /** The answer's body; rejects where it is a refusal. */
  async call(method: string, path: string, body?: object, headers: object = {}): Promise<Record<string, unknown>> {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: { 'x-operator-key': this.key, ...(body && { 'content-type': 'application/json' }), ...headers },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as Record<string, unknown>;
  }

  async createTenant(tenantId: string): Promise<void> {
    await this.call('POST', '/tenants', { tenantId, name: tenantId });
  }

  async rename(tenantId: string, name: string): Promise<{ readonly version: number }> {
    const { version } = await this.call('PATCH', `/tenants/${tenantId}`, { name }, { 'if-match': '*' });
    return { version: Number(version) };
  }

  async issueKey(tenantId: string): Promise<{ readonly key: string; readonly keyId: string }> {
    const issued = await this.call('POST', `/tenants/${tenantId}/keys`, { scopes: ['ingest', 'query'] });
    return { key: String(issued['key']), keyId: String(issued['keyId']) };
  }

  async revokeKey(tenantId: string, keyId: string): Promise<void> {
    await this.call('POST', `/tenants/${tenantId}/keys/${keyId}/revoke`);
  }

  async outboxIsEmpty(): Promise<boolean> {
    const answer = await fetch(`${this.url}/health/outbox`);
    return ((await answer.json()) as { messages?: number }).messages === 0;
  }
}
