import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';

import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { KafkaAdmin } from '@weir/kafka';
import { startService } from '@weir/nest-service';
import { engines, eventually, uniqueName } from '@weir/testing';
import { resolveTopics, tenants as tenantsTopic } from '@weir/topics';

import { createQueryApi } from '../../src/app.js';
import { loadConfig } from '../../src/config.js';
import { Stored } from './stored.js';
import { connection, newKey, newTenant, Tenants } from './tenants.js';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The body as JSON, where it is. */
  readonly body: unknown;
}

export interface StartOptions {
  readonly env?:
    Readonly<Record<string, string>> | ((databaseUrl: string) => Promise<Readonly<Record<string, string>>>);
  /** Whether tenants are published, and the app waited for. */
  readonly ready?: boolean;
  readonly migrated?: boolean;
}

/** What a request asks: parameters by name, or a query string as it is. */
export type Asked = string | Readonly<Record<string, string | number>>;

/** query-api on real engines, with a topic of tenants, two tenants and a database of its own. */
export class QueryApp {
  readonly key = newKey();
  readonly tenant = newTenant({ keys: [this.key.entry] });
  /** A neighbour, to be kept out. */
  readonly otherKey = newKey();
  readonly other = newTenant({ keys: [this.otherKey.entry] });

  private constructor(
    private readonly app: NestFastifyApplication,
    readonly url: string,
    readonly stored: Stored,
    readonly tenants: Tenants,
  ) {}

  static async start({ env = {}, ready = true, migrated = true }: StartOptions = {}): Promise<QueryApp> {
    const prefix = `${uniqueName('query')}.`;
    const topics = resolveTopics({ prefix });
    const admin = new KafkaAdmin(connection());
    const [stored] = await Promise.all([
      Stored.create({ migrated }),
      admin.ensureTopics([topics.resolved(tenantsTopic)]),
    ]);
    await admin.close();
    const config = loadConfig({
      NODE_ENV: 'test',
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'silent',
      KAFKA_BOOTSTRAP_SERVERS: engines().kafka.bootstrapServers,
      KAFKA_TOPIC_PREFIX: prefix,
      SCHEMA_REGISTRY_URL: engines().schemaRegistry.url,
      DATABASE_URL: stored.readerUrl,
      ...(typeof env === 'function' ? await env(stored.readerUrl) : env),
    });
    const app = await createQueryApi(config);
    const running = new QueryApp(app, await startService(app), stored, new Tenants(topics.name(tenantsTopic)));
    if (ready) await running.becomeReady();
    return running;
  }

  /** Publishes both tenants and the sentinel, and waits until the app takes requests. */
  async becomeReady(): Promise<void> {
    await this.tenants.publish(this.tenant, this.other);
    await this.tenants.publishSentinel();
    await this.untilReady();
  }

  async untilReady(): Promise<void> {
    await eventually(
      () => this.send('/health/ready'),
      ({ status }) => status === 200,
    );
  }

  /** Asks as this app's tenant, unless told otherwise; `path` is below /api/v1/metrics. */
  ask(path: string, asked: Asked = '', headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const query = typeof asked === 'string' ? asked : queryStringOf(asked);
    return this.send(`/api/v1/metrics${path}${query === '' ? '' : `?${query}`}`, {
      headers: { 'x-api-key': this.key.apiKey, ...headers },
    });
  }

  /** Asks as the neighbour. */
  askAsOther(path: string, asked: Asked = ''): Promise<Answer> {
    return this.ask(path, asked, { 'x-api-key': this.otherKey.apiKey });
  }

  /** One HTTP request with nothing added to it, over a connection of its own. */
  send(path: string, { method = 'GET', headers = {}, body = '' }: SendOptions = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = httpRequest(`${this.url}${path}`, { method, agent: false, headers });
      request.on('error', reject);
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: jsonOf(text) });
        });
      });
      request.end(body);
    });
  }

  async close(): Promise<void> {
    await this.tenants.close();
    await this.app.close();
    await this.stored.close();
  }
}

export interface SendOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

function queryStringOf(asked: Readonly<Record<string, string | number>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(asked)) query.set(name, String(value));
  return query.toString();
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
