import { Agent } from 'node:http';
import { connect, type Socket } from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@weir/testing';

import { BrokerProxy } from './support/broker-proxy.js';
import { metric } from './support/ingest-app.js';
import { IngestProcess } from './support/ingest-process.js';

describe('ingest-api, told to end', () => {
  let ingest: IngestProcess;
  let broker: BrokerProxy | undefined;
  const sockets: Socket[] = [];

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await ingest.kill();
    await broker?.cut();
    broker = undefined;
  });

  /** A connection that has said this much and says no more; resolves once the app has it. */
  const slowClient = async (said: string): Promise<Socket> => {
    const { hostname, port } = new URL(ingest.url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    sockets.push(socket);
    socket.write(said);
    await ingest.get('/health/live'); // accepted after it
    return socket;
  };

  const headOfPost = (contentLength: number) =>
    `POST /api/v1/metrics HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nX-Api-Key: ${ingest.apiKey()}\r\n` +
    `Content-Length: ${contentLength}\r\n\r\n`;

  const inFlight = async (): Promise<number> =>
    Number(/^weir_ingest_in_flight_requests (\d+)$/m.exec((await ingest.get('/metrics')).text)?.[1]);

  it('answers what is in flight, tells kept connections by 503 and Connection: close, and exits with 0', async () => {
    broker = await BrokerProxy.start();
    ingest = await IngestProcess.start({
      env: {
        KAFKA_BOOTSTRAP_SERVERS: broker.bootstrapServers,
        SHUTDOWN_TIMEOUT_MS: '40s',
        // What is in flight waits for the broker, which is away for a while.
        INGEST_DELIVERY_TIMEOUT: '30s',
        INGEST_HTTP_TIMEOUT: '60s',
      },
    });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect(await ingest.post(metric(), { agent })).toMatchObject({ status: 202 });
    broker.stall();
    const early = ingest.post(metric());
    await eventually(inFlight, (count) => count === 1);

    const end = ingest.terminate();
    await eventually(
      () => ingest.lines.join(''),
      (text) => text.includes('Ending: no new work'),
      { intervalMs: 5 },
    );
    const late = await ingest.post(metric(), { agent });
    expect(late).toMatchObject({ status: 503, body: { code: 'shutting_down' } });
    expect(late.headers).toMatchObject({ connection: 'close', 'retry-after': '1' });
    await eventually(
      () =>
        ingest.post(metric()).then(
          ({ body }) => JSON.stringify(body),
          (error: Error) => error.message,
        ),
      (outcome) => outcome.includes('ECONNREFUSED'),
    );

    await broker.cut();
    await broker.resume();
    expect(await early).toMatchObject({ status: 202 });
    const { status, tookMs } = await end;
    expect(status).toBe(0);
    expect(tookMs).toBeLessThan(40_000);
    agent.destroy();
  });

  it('exits with 0 in time with the broker away: what is not acknowledged is answered delivery_unknown', async () => {
    broker = await BrokerProxy.start();
    ingest = await IngestProcess.start({
      env: {
        KAFKA_BOOTSTRAP_SERVERS: broker.bootstrapServers,
        SHUTDOWN_TIMEOUT_MS: '14s',
        INGEST_DELIVERY_TIMEOUT: '20s',
      },
    });
    await broker.cut();
    const early = Promise.all(Array.from({ length: 20 }, () => ingest.post(metric())));
    await eventually(inFlight, (count) => count === 20);

    const { status, tookMs } = await ingest.terminate();
    for (const answer of await early)
      expect(answer).toMatchObject({
        status: 503,
        body: { code: 'delivery_unknown' },
        headers: { 'retry-after': '1' },
      });
    expect(status).toBe(0);
    expect(tookMs).toBeLessThan(14_000);
  });

  it('waits for no client: not for silent ones, nor for half a head, half a body, or an answer that is not read', async () => {
    ingest = await IngestProcess.start({ env: { SHUTDOWN_TIMEOUT_MS: '12s' } });
    await slowClient('');
    await slowClient('POST /api/v1/met');
    await slowClient('GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(2_000)).then((socket) => socket.pause());
    const halfBody = await slowClient(`${headOfPost(1000)}{"name":`);
    let heard = '';
    halfBody.on('data', (bytes: Buffer) => (heard += bytes.toString()));
    await eventually(inFlight, (count) => count === 1);

    const { status, tookMs } = await ingest.terminate();
    expect(status).toBe(0);
    expect(tookMs).toBeLessThan(12_000);
    expect(heard).toMatch(/^HTTP\/1\.1 503 .*connection: close.*"code":"shutting_down"/is);
  });
});
