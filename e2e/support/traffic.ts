import { setTimeout as wait } from 'node:timers/promises';

import type { Operator } from './operator.js';

interface Doors {
  readonly operator: Operator;
  readonly ingest: string;
  readonly query: string;
}

/** How long there is between two rounds of everything. */
const PAUSE_MS = 100;
const SERIES = 40;

/**
 * What an installation sees in a day, all at once and until it is stopped: a tenant who sends, with samples and requests that are refused
 * for each kind of reason, and who asks for what it sent; and an operator who looks.
 */
export class Traffic {
  private readonly stopping = new AbortController();
  private readonly done: Promise<void>;
  private round = 0;

  private constructor(
    readonly tenant: string,
    private readonly doors: Doors,
    readonly key: string,
  ) {
    this.done = this.run();
  }

  static async start(doors: Doors): Promise<Traffic> {
    const tenant = 'acme';
    await doors.operator.call('POST', '/tenants', {
      tenantId: tenant,
      name: tenant,
      limits: { samplesPerSecond: 500, burst: 1_000, maxActiveSeries: 1_000 },
    });
    const expiresAt = new Date(Date.now() + 86_400_000).toISOString();
    const scopes = ['ingest', 'query'];
    const { key } = await doors.operator.call('POST', `/tenants/${tenant}/keys`, { scopes, expiresAt });
    return new Traffic(tenant, doors, String(key));
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.done;
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      this.round += 1;
      await Promise.all([this.post(this.samples(20)), this.ask(), this.refused()]);
      await wait(PAUSE_MS);
    }
  }

  /** A sample refused alone, a body that is none, a key that is none, and now and then more than the limit. */
  private async refused(): Promise<void> {
    await this.post([...this.samples(5), { name: 'broken', value: 'high', timestamp: Date.now() }]);
    await this.send('{"name":', this.key);
    await this.send(JSON.stringify(this.samples(1)), 'wk_0000000000000000_0000000000000000000000000000000000000000000');
    if (this.round % 10 === 0) await this.post(this.samples(1_500));
  }

  private async ask(): Promise<void> {
    const asked = await fetch(`${this.doors.query}/api/v1/metrics?name=traffic_0&limit=10`, {
      headers: { 'x-api-key': this.key },
    });
    await asked.arrayBuffer();
    await this.doors.operator.call('GET', `/tenants/${this.tenant}`);
  }

  private samples(count: number): object[] {
    const timestamp = Date.now();
    return Array.from({ length: count }, (_, n) => ({
      name: `traffic_${n % SERIES}`,
      value: n,
      timestamp: timestamp - n,
      labels: {},
    }));
  }

  private post(samples: readonly object[]): Promise<void> {
    return this.send(JSON.stringify(samples), this.key);
  }

  private async send(body: string, key: string): Promise<void> {
    const answer = await fetch(`${this.doors.ingest}/api/v1/metrics`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': key },
      body,
    });
    await answer.arrayBuffer();
  }
}
