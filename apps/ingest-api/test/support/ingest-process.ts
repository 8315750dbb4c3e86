import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { connectSchemaRegistry } from '@weir/avro';
import { KafkaAdmin } from '@weir/kafka';
import { engines, eventually, uniqueName } from '@weir/testing';
import { metricsRaw, resolveTopics, tenants as tenantsTopic } from '@weir/topics';

import { connection } from './engines.js';
import { type Answer, type PostOptions, send } from './post.js';
import { type NewKey, newKey, newTenant, Tenants } from './tenants.js';

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly tenantCount?: number;
}

/** ingest-api as a process of its own, with topics and tenants of its own, for what only a process has: memory, signals and an end. */
export class IngestProcess {
  private constructor(
    readonly url: string,
    readonly keys: readonly NewKey[],
    /** Lines that it logged. */
    readonly lines: readonly string[],
    /** How it ended: its status, or null where it was killed. */
    readonly exit: Promise<number | null>,
    private readonly child: ChildProcess,
  ) {}

  /** Resolves once it takes requests. */
  static async start({ env = {}, tenantCount = 1 }: StartOptions = {}): Promise<IngestProcess> {
    const prefix = `${uniqueName('ingest')}.`;
    const topics = resolveTopics({ prefix });
    const admin = new KafkaAdmin(connection());
    await admin.ensureTopics([topics.resolved(metricsRaw), topics.resolved(tenantsTopic)]);
    await admin.close();
    const keys = Array.from({ length: tenantCount }, () => newKey());
    const tenants = new Tenants(
      topics.name(tenantsTopic),
      connectSchemaRegistry({ url: engines().schemaRegistry.url }),
    );
    await tenants.publish(...keys.map(({ entry }) => newTenant({ keys: [entry] })));
    await tenants.publishSentinel();
    await tenants.close();

    const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
    const loader = ['--conditions=@weir/source', '--import', '@weir/jest-preset/run-source'];
    const child = spawn(process.execPath, [...loader, main], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        PATH: process.env['PATH'],
        NODE_ENV: 'production',
        HOST: '127.0.0.1',
        PORT: '0',
        KAFKA_BOOTSTRAP_SERVERS: engines().kafka.bootstrapServers,
        KAFKA_TOPIC_PREFIX: prefix,
        SCHEMA_REGISTRY_URL: engines().schemaRegistry.url,
        ...env,
      },
    });
    const lines: string[] = [];
    createInterface(child.stdout).on('line', (line) => lines.push(line));
    const exit = once(child, 'close').then(([code]: unknown[]) => (typeof code === 'number' ? code : null));
    try {
      const url = await eventually(
        () => /"url":"([^"]+)"/.exec(lines.find((line) => line.includes('is running')) ?? '')?.[1] ?? '',
        (found) => found !== '' || child.exitCode !== null,
        { timeoutMs: 60_000 },
      );
      const started = new IngestProcess(url, keys, lines, exit, child);
      await eventually(
        async () => (await started.get('/health/ready')).status,
        (status) => status === 200,
        { timeoutMs: 60_000 },
      );
      return started;
    } catch (error) {
      child.kill('SIGKILL');
      throw new Error(`ingest-api did not become ready:\n${lines.join('\n')}`, { cause: error });
    }
  }

  get(path: string): Promise<Answer> {
    return send(this.url, '', { method: 'GET', path });
  }

  /** Posts JSON as the tenant of this number. */
  post(
    body: unknown,
    { tenant = 0, headers = {}, ...options }: PostOptions & { tenant?: number } = {},
  ): Promise<Answer> {
    const bytes = Buffer.isBuffer(body) || typeof body === 'string' ? body : JSON.stringify(body);
    return send(this.url, bytes, {
      ...options,
      headers: { 'content-type': 'application/json', 'x-api-key': this.apiKey(tenant), ...headers },
    });
  }

  apiKey(tenant = 0): string {
    return this.keys[tenant]?.apiKey ?? '';
  }

  /** What it holds in memory now (proc(5), VmRSS), in bytes. */
  get residentBytes(): number {
    const [, kilobytes = 'NaN'] =
      /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${this.child.pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes) * 1024;
  }

  /** Resolves with the exit status and how long the end took. */
  async terminate(): Promise<{ readonly status: number | null; readonly tookMs: number }> {
    const since = performance.now();
    this.child.kill('SIGTERM');
    return { status: await this.exit, tookMs: performance.now() - since };
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exit;
  }
}
