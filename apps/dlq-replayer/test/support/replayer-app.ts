import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { BatchTransport } from '@weir/nest-kafka';
import { startService } from '@weir/nest-service';
import { engines, uniqueName } from '@weir/testing';
import { dlqReplayCommands } from '@weir/topics';

import { createDlqReplayer } from '../../src/app.js';
import { loadConfig } from '../../src/config.js';
import type { ReplayTopics } from './replay-topics.js';

/** What every replayer of a test is told. */
export const environmentOf = ({ prefix }: ReplayTopics, group: string): Record<string, string> => ({
  HOST: '127.0.0.1',
  PORT: '0',
  KAFKA_BOOTSTRAP_SERVERS: engines().kafka.bootstrapServers,
  KAFKA_CONSUMER_GROUP: group,
  KAFKA_TOPIC_PREFIX: prefix,
  SCHEMA_REGISTRY_URL: engines().schemaRegistry.url,
  RETRY_MAX_DELAY: '500ms',
});

/** dlq-replayer in this process, that can be stopped and started. */
export class ReplayerApp {
  private running: { readonly app: NestFastifyApplication; readonly url: string } | null = null;

  constructor(
    private readonly topics: ReplayTopics,
    private readonly env: Readonly<Record<string, string>> = {},
    readonly group = uniqueName('replayer'),
  ) {}

  async start(): Promise<this> {
    const app = await createDlqReplayer(
      loadConfig({
        NODE_ENV: 'test',
        LOG_LEVEL: 'silent',
        ...environmentOf(this.topics, this.group),
        ...this.env,
      }),
    );
    this.running = { app, url: await startService(app) };
    return this;
  }

  async stop(): Promise<void> {
    await this.running?.app.close();
    this.running = null;
  }

  get partitions(): readonly number[] {
    if (this.running === null) return [];
    return this.running.app
      .get(BatchTransport)
      .consumer(dlqReplayCommands)
      .assignment.map(({ partition }) => partition);
  }

  async get(path: string): Promise<{ readonly status: number; readonly body: string }> {
    const response = await fetch(`${this.running?.url}${path}`);
    return { status: response.status, body: await response.text() };
  }

  /** A counter with these labels, as /metrics shows it. */
  async metric(line: string): Promise<number> {
    const { body } = await this.get('/metrics');
    return Number(
      body
        .split('\n')
        .find((each) => each.startsWith(`${line} `))
        ?.split(' ')[1] ?? 0,
    );
  }
}
