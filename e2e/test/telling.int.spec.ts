import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, seriesIn } from '@weir/testing';
import { metricsRaw } from '@weir/topics';

import type { AppProcess } from '../support/process.js';
import { System } from '../support/system.js';

const TIMEOUT_MS = 60_000;
const TENANTS = 130;
/** Tenants that are counted under their own name. */
const NAMED_TENANTS = 100;
const PAYLOAD = 'payload_that_no_log_may_hold';

interface LogLine extends Readonly<Record<string, unknown>> {
  readonly level: string;
  readonly message: string;
}

const sample = (value: unknown = 1) => ({ name: 'told', value, timestamp: Date.now(), labels: { secret: PAYLOAD } });

const logOf = ({ logFile }: AppProcess): string => readFileSync(logFile, 'utf8');
const linesOf = (app: AppProcess): LogLine[] =>
  logOf(app)
    .split('\n')
    .slice(0, -1) // which may not be whole yet
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as LogLine);
const metricsOf = async ({ url }: AppProcess): Promise<string> => (await fetch(`${url}/metrics`)).text();

describe('what the apps tell of themselves', () => {
  let system: System;
  beforeAll(async () => {
    system = await System.start({ tenantCount: TENANTS });
  }, 120_000);
  afterAll(() => system?.stop(), 60_000);

  const post = (apiKey: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
    fetch(`${system.ingest.url}/api/v1/metrics`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': apiKey, ...headers },
      body: JSON.stringify(body),
    });

  it(
    'of a record that cannot be stored: where it is, whose, why, and by which request it came; and nothing of what is in it',
    async () => {
      const { topics, consumer, tenant } = system;
      await system.sendRaw([
        {
          topic: topics.name(metricsRaw),
          key: PAYLOAD,
          value: Buffer.from(`{"${PAYLOAD}":1}`),
          headers: [
            { key: 'tenant-id', value: Buffer.from(tenant.id) },
            { key: 'correlation-id', value: Buffer.from('the-request') },
          ],
        },
      ]);
      const told = await eventually(
        () => linesOf(consumer).filter(({ stage }) => stage === 'dead_letter'),
        (lines) => lines.length > 0,
        { timeoutMs: TIMEOUT_MS },
      );
      expect(told).toEqual([
        expect.objectContaining({
          level: 'warn',
          tenant: tenant.id,
          class: 'poison',
          reason: 'frame',
          topic: expect.stringMatching(/metrics\.raw$/),
          partition: expect.any(Number),
          offset: 0,
          entity_id: expect.stringMatching(/metrics\.raw\/\d+\/0$/),
          correlation_id: 'the-request',
        }),
      ]);
    },
    TIMEOUT_MS,
  );

  it('with labels that many tenants do not multiply', async () => {
    await Promise.all(
      system.tenants.map(async ({ apiKey }) => expect((await post(apiKey, sample())).status).toBe(202)),
    );
    await Promise.all(
      system.tenants.map(async ({ apiKey }) => expect((await post(apiKey, sample('none'))).status).toBe(422)),
    );
    const ingest = await metricsOf(system.ingest);
    const ofTenants = (text: string, name: string): number[] => {
      const figures = seriesIn(text, name);
      expect(figures).toHaveLength(NAMED_TENANTS + 1);
      return seriesIn(text, name, { tenant: 'other' });
    };
    expect(ofTenants(ingest, 'weir_ingest_tenant_samples_total')).toEqual([TENANTS - NAMED_TENANTS]);
    expect(ofTenants(ingest, 'weir_ingest_tenant_rejected_samples_total')).toEqual([TENANTS - NAMED_TENANTS]);
    const consumer = await eventually(
      () => metricsOf(system.consumer),
      (text) => seriesIn(text, 'kafka_messages_processed_total', { status: 'success' })[0] === TENANTS,
      { timeoutMs: TIMEOUT_MS },
    );
    expect(seriesIn(consumer, 'weir_consumer_tenant_samples_total').length).toBeLessThanOrEqual(NAMED_TENANTS + 1);
    expect(seriesIn(consumer, 'weir_consumer_tenant_samples_total').reduce((sum, count) => sum + count, 0)).toBe(
      TENANTS,
    );
  });

  it('of each stage: sizes, acknowledgements, stages of a batch, freshness, connections, dependencies', async () => {
    const [ingest, consumer] = await Promise.all([metricsOf(system.ingest), metricsOf(system.consumer)]);
    expect(seriesIn(ingest, 'weir_ingest_request_samples_count')).toEqual([TENANTS]);
    expect(seriesIn(ingest, 'weir_ingest_acknowledgement_duration_seconds_count')).toEqual([TENANTS]);
    expect(seriesIn(ingest, 'weir_ingest_request_duration_seconds_count')).toEqual([2 * TENANTS]);
    expect(seriesIn(ingest, 'weir_ingest_received_bytes_total')[0]).toBeGreaterThan(TENANTS * 100);
    expect(seriesIn(ingest, 'weir_ingest_waiting_requests')).toEqual([0, 0]);
    expect(seriesIn(consumer, 'weir_freshness_seconds_count')).toEqual([TENANTS]);
    for (const stage of ['decode', 'store', 'dead_letter', 'commit'])
      expect(seriesIn(consumer, 'weir_consumer_stage_duration_seconds_count', { stage })[0]).toBeGreaterThan(0);
    expect(seriesIn(consumer, 'weir_consumer_assigned_partitions')).toContain(12);
    expect(seriesIn(consumer, 'weir_database_pool_limit_connections')[0]).toBeGreaterThan(0);
    expect(seriesIn(consumer, 'weir_schema_registry_requests_total', { status: 'success' }).length).toBeGreaterThan(0);
    const dependencies = await eventually(
      () => metricsOf(system.consumer),
      (text) => seriesIn(text, 'weir_dependency_up', { dependency: 'db' })[0] === 1,
      { timeoutMs: TIMEOUT_MS },
    );
    expect(seriesIn(dependencies, 'weir_dependency_up', { dependency: 'kafka' })).toEqual([1]);
    const clients = await eventually(
      () => metricsOf(system.consumer),
      (text) => seriesIn(text, 'weir_kafka_client_brokers', { state: 'up' }).length > 0,
      { timeoutMs: TIMEOUT_MS },
    );
    expect(seriesIn(clients, 'weir_kafka_client_brokers', { state: 'up' })).toContain(1);
    // It is measured every few seconds, and may have been measured while there was some.
    const lags = await eventually(
      async () => seriesIn(await metricsOf(system.consumer), 'weir_consumer_lag_seconds'),
      (seconds) => seconds.length === 12 && seconds.every((each) => each === 0),
      { timeoutMs: TIMEOUT_MS },
    );
    expect(lags).toEqual(Array.from({ length: 12 }, () => 0));
  });

  it('in more detail once it is told to by SIGUSR2, and in less again', async () => {
    const { ingest, tenant } = system;
    const answers = (correlationId: string): LogLine[] =>
      linesOf(ingest).filter(({ message, correlation_id: id }) => message === 'answered' && id === correlationId);
    const toLevel = async (level: string): Promise<void> => {
      const before = linesOf(ingest).length;
      process.kill(ingest.pid ?? 0, 'SIGUSR2');
      await eventually(
        () => linesOf(ingest).slice(before),
        (lines) =>
          lines.some(
            (line) => line.message.startsWith('Told to log') && line['level'] === 'info' && line['to'] === level,
          ),
        { timeoutMs: TIMEOUT_MS },
      );
    };
    await post(tenant.apiKey, sample(), { 'x-correlation-id': 'before' });
    await toLevel('debug');
    await post(tenant.apiKey, sample(), { 'x-correlation-id': 'while' });
    const [line] = await eventually(
      () => answers('while'),
      (lines) => lines.length > 0,
    );
    expect(line).toMatchObject({
      level: 'debug',
      path: '/api/v1/metrics',
      status: 202,
      duration_ms: expect.any(Number),
    });
    await toLevel('trace');
    await toLevel('info');
    await post(tenant.apiKey, sample(), { 'x-correlation-id': 'after' });
    expect(answers('before')).toEqual([]);
    expect(answers('after')).toEqual([]);
  });

  it('without a key or a payload in any line of any app, debug lines included', () => {
    for (const app of [system.ingest, system.consumer, system.query]) {
      const log = logOf(app);
      expect(log.length).toBeGreaterThan(100);
      expect(log).not.toContain(PAYLOAD);
      expect(log).not.toContain(Buffer.from(PAYLOAD).toString('hex'));
      for (const { apiKey } of system.tenants) expect(log).not.toContain(apiKey.split('_')[2]);
    }
  });
});
