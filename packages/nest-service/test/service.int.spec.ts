import { afterEach, describe, expect, it } from '@jest/globals';
import { type CustomTransportStrategy, Server } from '@nestjs/microservices';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { CheckResult } from '@weir/telemetry';
import { eventually, seriesIn } from '@weir/testing';

import { type Service, startFixture } from './service-fixture.js';

const running: Service[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map(({ app }) => app.close()));
});

const start = async (...args: Parameters<typeof startFixture>) => {
  const service = await startFixture(...args);
  running.push(service);
  return service;
};

const get = async ({ url }: Service, path: string) => {
  const response = await fetch(`${url}${path}`);
  const body: unknown = await response.json();
  return { status: response.status, body, headers: response.headers };
};

const down = (): CheckResult => ({ status: 'unhealthy', error: 'connect ECONNREFUSED' });

describe('health over HTTP', () => {
  const kafka = { status: 'degraded', missing_topics: ['metrics.raw'] } as const;

  it('answers each check alone and all together, degraded with 200 and with what is missing', async () => {
    const service = await start({ kafka: () => kafka, db: () => ({ status: 'healthy' }) });
    for (const path of ['/health/kafka', '/kafka_health', '/kafka/health'])
      expect(await get(service, path)).toMatchObject({ status: 200, body: kafka });
    expect(await get(service, '/health')).toMatchObject({
      status: 200,
      body: {
        status: 'degraded',
        service: 'fixture',
        version: service.config.version,
        timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
        checks: { kafka, db: { status: 'healthy' } },
      },
    });
    expect(await get(service, '/health/ready')).toMatchObject({ status: 200, body: { status: 'ready' } });
  });

  it('answers 503 for what is unhealthy, and liveness does not care', async () => {
    const service = await start({ db: down });
    expect(await get(service, '/health')).toMatchObject({ status: 503, body: { status: 'unhealthy' } });
    expect(await get(service, '/health/db')).toMatchObject({ status: 503 });
    expect(await get(service, '/health/ready')).toMatchObject({ status: 503, body: { reasons: ['db'] } });
    expect(await get(service, '/health/live')).toMatchObject({ status: 200, body: { status: 'healthy' } });
  });

  it('answers 404 for a check that this service has not', async () => {
    const service = await start({ db: () => ({ status: 'healthy' }) });
    expect(await get(service, '/health/redis')).toMatchObject({
      status: 404,
      body: { code: 'check_not_found', detail: 'This service has these checks: db.' },
    });
    expect((await get(service, '/kafka_health')).status).toBe(404);
  });
});

describe('/metrics', () => {
  it("has the process's own figures and the catalogue's, apart from other apps in the same process", async () => {
    const [one, other] = [await start(), await start()];
    const text = await (await fetch(`${one.url}/metrics`)).text();
    expect(text).toContain('nodejs_eventloop_lag_p99_seconds');
    expect(text).toContain('process_resident_memory_bytes');
    expect(text).toContain(`weir_build_info{service="fixture",version="${one.config.version}"} 1`);
    const response = await fetch(`${other.url}/metrics`);
    expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
  });

  it('shows 1 for a dependency that is up, if only in part, and 0 for one that is down, by rounds of its own', async () => {
    let db = down();
    const { url } = await start({
      db: () => db,
      kafka: () => ({ status: 'degraded', missing_topics: ['metrics.raw'] }),
      redis: () => Promise.reject(new Error('connect ECONNREFUSED')),
      registry: () => ({ status: 'healthy' }),
    });
    const up = async (): Promise<readonly (readonly number[])[]> => {
      const text = await (await fetch(`${url}/metrics`)).text();
      return ['db', 'kafka', 'redis', 'registry'].map((dependency) =>
        seriesIn(text, 'weir_dependency_up', { dependency }),
      );
    };
    expect(await eventually(up, (shown) => shown.every(({ length }) => length === 1))).toEqual([[0], [1], [0], [1]]);
    db = { status: 'healthy' };
    expect(await eventually(up, ([shown]) => shown?.[0] === 1)).toEqual([[1], [1], [0], [1]]);
  });
});

describe('OpenAPI', () => {
  it('is served as a page and as JSON, without the routes of operations', async () => {
    const service = await start();
    expect((await fetch(`${service.url}/docs`)).headers.get('content-type')).toContain('text/html');
    const { body } = await get(service, '/docs-json');
    expect(body).toMatchObject({
      info: { title: 'fixture', description: 'A service for tests.' },
      paths: { '/things': expect.anything() },
    });
    expect(JSON.stringify(body)).not.toContain('health');
  });
});

describe('closing', () => {
  it('answers what is in flight before resources close, as the last answer of its connection', async () => {
    const service = await startFixture();
    const answer = get(service, '/things/slow');
    await service.gate.entered;
    service.health.shuttingDown();
    expect(await get(service, '/health/ready')).toMatchObject({ status: 503, body: { reasons: ['shutting_down'] } });

    const closing = service.app.close();
    service.gate.open();
    const { status, body, headers } = await answer;
    expect({ status, body }).toEqual({ status: 200, body: { resourcesClosed: false } });
    expect(headers.get('connection')).toBe('close');
    await closing;
    await expect(fetch(`${service.url}/health/live`)).rejects.toThrow('fetch failed');
  });
});

/** Does its work by looking at the process it belongs to, at the moment when work may begin. */
class LookingTransport extends Server implements CustomTransportStrategy {
  readonly statuses: number[] = [];

  constructor(private readonly app: NestFastifyApplication) {
    super();
  }

  listen(begun: () => void): void {
    void this.look().then(begun);
  }

  private async look(): Promise<void> {
    const url = await this.app.getUrl();
    for (const path of ['/health/live', '/metrics', '/health/ready'])
      this.statuses.push((await fetch(`${url}${path}`)).status);
  }

  close(): void {
    this.statuses.length = 0;
  }

  override on(): never {
    throw new Error('has no events');
  }

  override unwrap(): never {
    throw new Error('has no client');
  }
}

describe('starting', () => {
  it('answers health and /metrics before any work begins, and is not ready until it has', async () => {
    let transport: LookingTransport | undefined;
    const configure = (app: NestFastifyApplication): void => {
      transport = new LookingTransport(app);
      app.connectMicroservice({ strategy: transport });
    };
    const service = await start({}, { configure });
    expect(transport?.statuses).toEqual([200, 200, 503]);
    expect((await get(service, '/health/ready')).status).toBe(200);
  });
});
