import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@weir/testing';

import { BrokerProxy } from './support/broker-proxy.js';
import { metric } from './support/ingest-app.js';
import { IngestProcess } from './support/ingest-process.js';

const TENANTS = 4;
const CLIENTS = 48;
const MEGABYTE = 1_000_000;

/**
 * What a process may hold beside what it holds idle: 128 MB of bodies and records in flight, and again as much for the client's copy of the records;
 * two bodies being inflated (20 MB each) and parsed (their objects take up to ten times as much as their text); and what the garbage
 * collector has not freed yet.
 */
const BOUND_BYTES = 600 * MEGABYTE;

describe('ingest-api, while Kafka is slow or away and many clients post big bodies', () => {
  let ingest: IngestProcess;
  let broker: BrokerProxy;
  let posting = new AbortController();

  afterEach(async () => {
    posting.abort();
    await ingest.kill();
    await broker.cut();
    posting = new AbortController();
  });

  it.each([
    ['stalls', () => Promise.resolve(broker.stall())],
    ['is gone', () => broker.cut()],
  ])(
    'holds its memory bound and answers 503 while the broker %s, and 202 again without help',
    async (_, fault) => {
      broker = await BrokerProxy.start();
      ingest = await IngestProcess.start({
        tenantCount: TENANTS,
        env: {
          KAFKA_BOOTSTRAP_SERVERS: broker.bootstrapServers,
          INGEST_DELIVERY_TIMEOUT: '3s',
        },
      });
      await eventually(
        () => ingest.post(metric()),
        ({ status }) => status === 202,
      );
      const idle = ingest.residentBytes;
      await fault();

      const answers = new Map<string, number>();
      const kinds = bodies();
      const client = async (n: number): Promise<void> => {
        const { body, headers } = kinds[n % kinds.length]!;
        while (!posting.signal.aborted) {
          const answer = await ingest.post(body, { tenant: n % TENANTS, headers });
          const { code = '' } = (answer.body ?? {}) as { code?: string };
          const outcome = `${answer.status} ${code} ${answer.headers['retry-after'] ?? 'at once'}`;
          answers.set(outcome, (answers.get(outcome) ?? 0) + 1);
          await pause(100);
        }
      };
      let peak = 0;
      const watch = setInterval(() => (peak = Math.max(peak, ingest.residentBytes)), 20);
      const clients = Array.from({ length: CLIENTS }, (_each, n) => client(n));
      await eventually(
        () => [...answers.values()].reduce((sum, count) => sum + count, 0),
        (count) => count > CLIENTS * 2,
        { timeoutMs: 60_000 },
      );
      posting.abort();
      await Promise.all(clients);
      clearInterval(watch);

      expect(peak - idle).toBeLessThan(BOUND_BYTES);
      for (const outcome of answers.keys())
        expect(outcome).toMatch(/^503 (?:overloaded|tenant_overloaded|delivery_unknown|kafka_unavailable) [15]$/);
      expect([...answers.keys()]).toContain('503 delivery_unknown 1');

      await broker.cut();
      await broker.resume();
      for (let tenant = 0; tenant < TENANTS; tenant += 1)
        await eventually(
          () => ingest.post(metric(), { tenant }),
          ({ status }) => status === 202,
          { timeoutMs: 60_000 },
        );
      await eventually(
        async () => (await ingest.get('/metrics')).text,
        (text) => text.includes('weir_ingest_in_flight_bytes 0') && text.includes('weir_ingest_in_flight_requests 0'),
      );
    },
    240_000,
  );
});

function bodies() {
  const labels = { path: `/${'x'.repeat(300)}` };
  const big = JSON.stringify(Array.from({ length: 9_000 }, (_, n) => metric({ labels: { ...labels, n: String(n) } })));
  return [
    { body: Buffer.from(big), headers: {} },
    { body: gzipSync(`${big.slice(0, -1)}${' '.repeat(15 * MEGABYTE)}]`), headers: { 'content-encoding': 'gzip' } },
  ];
}
