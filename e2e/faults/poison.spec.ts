import { setTimeout as wait } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '@weir/testing';

import { type DemoTenant, System } from '../support/system.js';
import { TAKE_OVER } from './support/extent.js';
import type { Load } from './support/load.js';
import { metricOf } from './support/metrics.js';
import { Poison } from './support/poison.js';
import { accepted, loadOn } from './support/scenario.js';
import { deadLetters, drained, findings, identity, PROMISE_KEPT } from './support/verify.js';

const OPERATOR_KEY = 'operators-only';
/** Samples and poison come in turns of so many. */
const STEP = 250;

let system: System;
let poison: Poison;
const loads: Load[] = [];

beforeAll(async () => {
  const ofConsumer = {
    ...TAKE_OVER,
    OPERATOR_KEY,
    RETRY_MAX_DELAY: '300ms',
    BREAKER_PROBE_INTERVAL: '500ms',
    BREAKER_SHARE_PERCENT: '30',
    BREAKER_SHARE_WINDOW: '5s',
  };
  const environment = (_: unknown, app: string): Record<string, string> =>
    app === 'metrics-consumer' ? ofConsumer : {};
  system = await System.start({ tenantCount: 4, environment });
  poison = await Poison.for(system);
});
afterAll(async () => {
  await Promise.all(loads.map((load) => load.stop().catch(() => undefined)));
  await poison.close();
  await system.stop();
});

interface Sender {
  readonly tenant: DemoTenant;
  readonly load: Load;
}

function sender(tenant: DemoTenant): Sender {
  const load = loadOn(system, { apiKey: tenant.apiKey, clients: 1 });
  loads.push(load);
  return { tenant, load };
}

/** Poison that makes up this share of all that each of these tenants sends, while their loads go on. */
async function mixed(senders: readonly Sender[], share: number): Promise<void> {
  for (let step = 0; step < 4; step += 1) {
    const before = senders.map(({ load }) => load.accepted);
    for (const { load } of senders.slice(0, 1)) await accepted(load, STEP);
    for (const [at, { tenant, load }] of senders.entries())
      await poison.put([tenant], Math.round((share / (1 - share)) * (load.accepted - (before[at] ?? 0))));
  }
}

/** Every accepted sample is stored, and every poison record in the DLQ, once by its identity, with its bytes and its reason. */
async function expectAllToBeExplained(): Promise<void> {
  const fates = await Promise.all(loads.map(async (load) => ({ load, fates: await load.stop() })));
  await drained(system);
  for (const { load, fates: told } of fates) expect(await findings(system, load.workload, told)).toEqual(PROMISE_KEPT);
  loads.length = 0;

  const byIdentity = new Map(
    (await deadLetters(system)).map((letter) => [
      identity(letter),
      `${letter.envelope.dlq_metadata.reason} ${letter.envelope.source.raw_value_hex}`,
    ]),
  );
  const expected = Array.from(poison.sent, ([hex, reason]) => `${reason} ${hex}`);
  expect([...byIdentity.values()].toSorted()).toEqual(expected.toSorted());
  const { partitions } = await system.ledger();
  expect(partitions.reduce((sum, line) => sum + line.dead_lettered, 0)).toBe(poison.sent.size);
}

interface Shown {
  readonly open: { readonly cause: string } | null;
}
const breaker = async (): Promise<Shown> => (await fetch(`${system.consumer.url}/breaker`)).json() as Promise<Shown>;
const readiness = async (): Promise<{ status: number; text: string }> => {
  const answer = await fetch(`${system.consumer.url}/health/ready`);
  return { status: answer.status, text: await answer.text() };
};
const closedByHand = async (): Promise<number> => {
  const headers = { 'content-type': 'application/json', 'x-operator-key': OPERATOR_KEY };
  const body = JSON.stringify({ reason: 'they are all rubbish' });
  return (await fetch(`${system.consumer.url}/breaker/close`, { method: 'POST', headers, body })).status;
};

/** Until the function it answers is called; that tells how often the breaker was seen open. */
function watchBreaker(): () => Promise<number> {
  const ending = new AbortController();
  let open = 0;
  const watch = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      const shown = await breaker().catch(() => null); // the consumer may be down
      if (shown !== null && shown.open !== null) open += 1;
      await wait(100);
    }
  };
  const watched = watch();
  return async () => {
    ending.abort();
    await watched;
    return open;
  };
}

describe('under load, with records that can never be stored', () => {
  it('of one tenant, one of them, 1%, 50% or nothing else: the others’ samples are stored, and the breaker stays closed', async () => {
    const timesOpen = watchBreaker();
    const [bad, ...others] = system.tenants;
    if (bad === undefined) throw new Error('no tenant');
    const [good] = others.map(sender);
    if (good === undefined) throw new Error('no other tenant');
    const own = sender(bad);
    await accepted(own.load, STEP);
    await poison.put([bad], 1);
    await mixed([own], 0.01);
    await system.consumer.end('SIGKILL'); // so that some may be dead-lettered twice
    system.consumer.start();
    await mixed([own], 0.5);
    await own.load.stop();
    await poison.put([bad], 800);
    await accepted(good.load, STEP);
    await poison.put([bad], 800);
    await accepted(good.load, STEP);
    await expectAllToBeExplained();
    expect(await timesOpen()).toBe(0);
  });

  it('of all tenants, one or 1%: the breaker stays closed', async () => {
    const timesOpen = watchBreaker();
    const senders = system.tenants.map(sender);
    await poison.put(system.tenants, 1);
    await mixed(senders, 0.01);
    await expectAllToBeExplained();
    expect(await timesOpen()).toBe(0);
  });

  it.each([0.5, 1])(
    'of all tenants, %d of all: the breaker opens and says why, nothing is committed, until an operator lets them pass',
    async (share) => {
      const senders = system.tenants.map(sender);
      const opens = async (): Promise<string | undefined> => {
        if (share < 1) await mixed(senders, share);
        else await poison.put(system.tenants, STEP);
        return (await breaker()).open?.cause;
      };
      if (share === 1) await Promise.all(loads.map((each) => each.stop()));
      expect(await eventually(opens, Boolean, { timeoutMs: 120_000 })).toBe('dead_letter_share');

      const notReady = await eventually(readiness, ({ status }) => status === 503); // a check is believed for a moment
      expect(notReady.text).toContain('dead_letter_share');
      expect(await metricOf(system.consumer, 'weir_breaker_open', { cause: 'dead_letter_share' })).toBe(1);
      const [settled, committed] = [await system.ledger(), await system.lag()];
      const tries = await metricOf(system.consumer, 'weir_consumer_batch_retries_total');
      await poison.put(system.tenants, 10);
      const triedAgain = (): Promise<number> => metricOf(system.consumer, 'weir_consumer_batch_retries_total');
      await eventually(triedAgain, (now) => now >= tries + 10, { timeoutMs: 60_000 });
      expect(await system.ledger()).toEqual(settled);
      const offsets = (lags: typeof committed): number[] => lags.map((line) => line.committed ?? 0);
      expect(offsets(await system.lag())).toEqual(offsets(committed));

      if (share < 1) await Promise.all(loads.map((each) => each.stop()));
      expect(await closedByHand()).toBe(200);
      await expectAllToBeExplained();
      expect(await breaker()).toMatchObject({ open: null, pass: { reason: 'they are all rubbish' } });
      await system.consumer.ready();
    },
  );
});
