import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, OtlpReceiver, type ReceivedSpan } from '@weir/testing';
import { dlqReplayCommands, metricsDlq, metricsRaw } from '@weir/topics';

import type { AppProcess } from '../support/process.js';
import { Recovery } from '../support/recovery.js';
import { Replays } from '../support/replays.js';
import { System } from '../support/system.js';

const newTrace = (): { traceId: string; traceparent: string; caller: string } => {
  const [traceId, caller] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
  return { traceId, caller, traceparent: `00-${traceId}-${caller}-01` };
};

const tracesTo = (collector: OtlpReceiver): Readonly<Record<string, string>> => ({
  OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  OTEL_BSP_SCHEDULE_DELAY: '50',
});

/**
 * A trace as the tree that its parents make of it: each span as its service and name, with those below it. Of the commits of a batch, of which there
 * may be one for each partition, the first.
 */
function tree(spans: readonly ReceivedSpan[], parentSpanId: string): readonly unknown[] {
  return spans
    .filter((span) => span.parentSpanId === parentSpanId)
    .toSorted((a, b) => a.startMs - b.startMs)
    .filter(({ name }, at, all) => !name.startsWith('commit ') || all.findIndex((span) => span.name === name) === at)
    .map((span) => [`${span.service}: ${span.name}`, ...tree(spans, span.spanId)]);
}

const only = <T>(items: readonly T[]): T => {
  expect(items).toHaveLength(1);
  return items[0]!;
};

const post = (ingest: AppProcess, key: string, traceparent: string, samples: readonly object[]): Promise<Response> =>
  fetch(`${ingest.url}/api/v1/metrics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': key, traceparent },
    body: JSON.stringify(samples),
  });

/** How many samples these spans tell of. */
const samplesIn = (spans: readonly ReceivedSpan[]): number =>
  spans.reduce((sum, { attributes }) => sum + Number(attributes['weir.samples']), 0);

const sample = (name: string, value = 1): object => ({ name, value, timestamp: Date.now() });

describe('the trace of a sample, at a collector that speaks OTLP', () => {
  const collector = new OtlpReceiver();
  let system: System;

  beforeAll(async () => {
    await collector.start();
    system = await System.start({ environment: () => tracesTo(collector) });
  }, 120_000);
  afterAll(async () => {
    await system?.stop();
    await collector.stop();
  });

  it('reads from its POST to the store, is linked both ways with the batch that stored it, and a query has one of its own', async () => {
    const { traceId, traceparent, caller } = newTrace();
    const raw = system.topics.name(metricsRaw);
    const answer = await post(system.ingest, system.tenant.apiKey, traceparent, [
      sample('a'),
      sample('b'),
      sample('c'),
    ]);
    expect(answer.status).toBe(202);

    // Three series may come in up to three batches.
    const stored = (): ReceivedSpan[] => collector.ofTrace(traceId).filter(({ name }) => name === 'store samples');
    await eventually(stored, (spans) => samplesIn(spans) === 3);
    await eventually(
      () => collector.ofTrace(traceId),
      (spans) => spans.some(({ kind }) => kind === 'server'),
    );
    expect(tree(collector.ofTrace(traceId), caller)).toEqual([
      [
        'ingest-api: POST /api/v1/metrics',
        [`ingest-api: send ${raw}`, ...stored().map(() => ['metrics-consumer: store samples'])],
      ],
    ]);

    const sent = only(collector.ofTrace(traceId).filter(({ kind }) => kind === 'producer'));
    const batches = (): ReceivedSpan[] =>
      collector.named(`process ${raw}`).filter(({ links }) => links.some((link) => link.traceId === traceId));
    const stepsOf = (batch: ReceivedSpan): readonly unknown[] => tree(collector.ofTrace(batch.traceId), batch.spanId);
    const commit = [`metrics-consumer: commit ${raw}`];
    // A commit is told of with the batch that was settled last by then, which of several need not be its own.
    const [last] = await eventually(
      () => batches().toSorted((a, b) => b.startMs - a.startMs),
      ([newest, ...others]) =>
        newest !== undefined &&
        others.length + 1 === stored().length &&
        JSON.stringify(stepsOf(newest)).includes('commit '),
    );
    expect(last === undefined ? [] : stepsOf(last)).toContainEqual(commit);
    for (const batch of batches()) {
      expect(batch).toMatchObject({
        kind: 'consumer',
        service: 'metrics-consumer',
        parentSpanId: null,
        status: 'unset',
      });
      expect(batch.links).toContainEqual({ traceId, spanId: sent.spanId });
      expect(stored().map(({ links }) => links)).toContainEqual([{ traceId: batch.traceId, spanId: batch.spanId }]);
      expect(stepsOf(batch).filter((step) => !isDeepStrictEqual(step, commit))).toEqual([
        ['metrics-consumer: decode'],
        [
          'metrics-consumer: TRANSACTION metrics.samples',
          ['metrics-consumer: COPY metrics.samples'],
          ['metrics-consumer: COMMIT'],
        ],
      ]);
      expect(collector.ofTrace(batch.traceId).find(({ name }) => name.startsWith('COPY'))).toMatchObject({
        kind: 'client',
        attributes: {
          'db.system.name': 'postgresql',
          'db.operation.name': 'COPY',
          'db.operation.batch.size': expect.any(Number),
        },
      });
    }

    const asked = newTrace();
    const { tenant, query } = system;
    await fetch(`${query.url}/api/v1/metrics?name=a`, {
      headers: { 'x-api-key': tenant.apiKey, traceparent: asked.traceparent },
    });
    await eventually(
      () => collector.ofTrace(asked.traceId),
      ({ length }) => length === 2,
    );
    expect(tree(collector.ofTrace(asked.traceId), asked.caller)).toEqual([
      ['query-api: GET /api/v1/metrics', ['query-api: SELECT metrics.samples']],
    ]);
  });
});

describe('the trace of a sample that is dead-lettered', () => {
  const collector = new OtlpReceiver();
  let recovery: Recovery;
  let ingest: AppProcess;

  beforeAll(async () => {
    await collector.start();
    recovery = await Recovery.start(tracesTo(collector));
    ingest = await recovery.add('ingest-api');
    await ingest.ready();
  }, 180_000);
  afterAll(async () => {
    await recovery?.stop();
    await collector.stop();
  });

  it('says why, by which replay it went back, and that it is stored; and the replay’s own leads from the operator’s call to it', async () => {
    const { operator } = recovery;
    const raw = recovery.topics.name(metricsRaw);
    await operator.createTenant('acme');
    const { key } = await operator.issueKey('acme');
    await recovery.limitValues(true);
    // Refused until it knows the tenant.
    const tries: ReturnType<typeof newTrace>[] = [];
    await eventually(
      () => {
        tries.push(newTrace());
        return post(ingest, key, tries.at(-1)!.traceparent, [sample('late', 2_000_000)]);
      },
      ({ status }) => status === 202,
    );
    const { traceId, caller } = tries.at(-1)!;
    await recovery.indexed(1);

    const dead = (): ReceivedSpan[] => collector.ofTrace(traceId).filter(({ name }) => name === 'dead-letter sample');
    const letter = only(await eventually(dead, ({ length }) => length === 1));
    expect(letter).toMatchObject({ status: 'error', attributes: { 'weir.dead_letter.reason': 'database' } });
    const { items } = (await operator.call('GET', '/dlq/messages?tenant=acme')) as { items: { traceId?: string }[] };
    expect(JSON.stringify(items)).toContain(traceId);
    const sendingBatches = await eventually(
      () => collector.named(`send ${recovery.topics.name(metricsDlq)}`).map(({ traceId: batch }) => batch),
      (batches) => batches.includes(letter.links[0]?.traceId ?? ''),
    );
    expect(sendingBatches).toContain(letter.links[0]?.traceId);

    await recovery.limitValues(false);
    const replays = new Replays(recovery, 60_000);
    const begun = newTrace();
    const { hash } = await operator.call('POST', '/dlq/replays/plan', { filter: { tenant: 'acme' } });
    const { id } = await operator.call('POST', '/dlq/replays', { hash }, { traceparent: begun.traceparent });
    await replays.ended(String(id));

    const [stored] = await eventually(
      () => collector.ofTrace(traceId).filter(({ name }) => name === 'store samples'),
      ({ length }) => length === 1,
    );
    expect(stored?.attributes).toMatchObject({
      'weir.replay.id': id,
      'weir.replay.count': '1',
      'weir.replay.outcome': 'applied',
    });
    // Each app tells of its spans by itself.
    await eventually(
      () => collector.ofTrace(traceId),
      ({ length }) => length === 5,
    );
    expect(tree(collector.ofTrace(traceId), caller)).toEqual([
      [
        'ingest-api: POST /api/v1/metrics',
        [
          `ingest-api: send ${raw}`,
          ['metrics-consumer: dead-letter sample'],
          ['dlq-replayer: replay sample'],
          ['metrics-consumer: store samples'],
        ],
      ],
    ]);

    const chain = await eventually(
      () => collector.ofTrace(begun.traceId),
      (spans) =>
        spans.some(({ name }) => name === 'POST /api/v1/dlq/replays') &&
        spans.some(({ name }) => name.startsWith('commit')),
    );
    const commands = recovery.topics.name(dlqReplayCommands);
    expect(tree(chain, begun.caller)).toEqual([
      [
        'admin-service: POST /api/v1/dlq/replays',
        [`dlq-replayer: process ${commands}`, ['dlq-replayer: replay chunk'], [`dlq-replayer: commit ${commands}`]],
      ],
    ]);
    const chunk = only(chain.filter(({ name }) => name === 'replay chunk'));
    const [sent] = collector.ofTrace(traceId).filter(({ kind }) => kind === 'producer');
    expect(chunk.links).toEqual([{ traceId, spanId: sent?.spanId }]);
    const back = only(collector.ofTrace(traceId).filter(({ name }) => name === 'replay sample'));
    expect(back.links).toEqual([{ traceId: chunk.traceId, spanId: chunk.spanId }]);

    // Byte for byte: the replayed record has the traceparent that the first one had.
    const headers = (await recovery.all('raw')).map((record) =>
      String(record.headers.find(({ key: name }) => name === 'traceparent')?.value),
    );
    expect(headers).toEqual([`00-${traceId}-${sent?.spanId}-01`, `00-${traceId}-${sent?.spanId}-01`]);
  }, 120_000);
});
