import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { boards, type PanelQuery, queriesOf } from '@weir/dashboards';
import { eventually } from '@weir/testing';
import { metricsRaw } from '@weir/topics';

import { type Series, Watching } from '../support/prometheus.js';
import { Recovery } from '../support/recovery.js';
import { Replays } from '../support/replays.js';
import { Traffic } from '../support/traffic.js';

/** For what is recorded, read or asked every few seconds only. */
const PATIENCE_MS = 90_000;
/** What Grafana puts in for its variables, where everything is chosen and little time is shown. */
const VARIABLES: Readonly<Record<string, string>> = {
  __rate_interval: '10s',
  __range_s: '300',
  __range: '300s',
  instance: '.*',
  group: '.*',
  topic: '.*',
};
const asGrafanaSends = (expression: string, tenant: string): string =>
  expression.replaceAll(/\$(?<name>\w+)/g, (text, name: string) =>
    name === 'tenant' ? tenant : (VARIABLES[name] ?? text),
  );

const all = boards({ docsUrl: 'https://weir.example/docs', alerts: [] }).flatMap(queriesOf);

describe('the dashboards, over a system under load', () => {
  let recovery: Recovery;
  let traffic: Traffic;
  let watching: Watching;

  beforeAll(async () => {
    recovery = await Recovery.start();
    const [ingest, query] = await Promise.all([recovery.add('ingest-api'), recovery.add('query-api')]);
    await Promise.all([ingest.ready(), query.ready()]);
    const targets = [...recovery.apps].map(([name, apps]) => [name, apps.map(({ url }) => new URL(url).host)]);
    [watching, traffic] = await Promise.all([
      Watching.start(Object.fromEntries(targets) as Record<string, string[]>),
      Traffic.start({ operator: recovery.operator, ingest: ingest.url, query: query.url }),
    ]);
    // What happens before is no change to Prometheus.
    await eventually(
      async () => (await watching.now('count_over_time(up[1m])')).filter(({ values }) => (values[0] ?? 0) >= 3).length,
      (watched) => watched === recovery.apps.size,
    );
    await deadLettersAndReplay();
  }, 240_000);

  afterAll(async () => {
    await traffic?.stop();
    await watching?.stop();
    await recovery?.stop();
  });

  /** One record that nobody can read, and some that are refused once and stored in a replay. */
  async function deadLettersAndReplay(): Promise<void> {
    const replays = new Replays(recovery, 60_000);
    await recovery.limitValues(true);
    await recovery.tooLarge({ tenant: traffic.tenant, count: 20 });
    await recovery.nonsense({ tenant: traffic.tenant, count: 1 });
    await recovery.indexed(21);
    await recovery.limitValues(false);
    await replays.ended(await replays.begin({ reason: 'database' }, { rate: 100 }));
  }

  const ask = (query: PanelQuery): Promise<Series[]> => {
    // The dashboard of one tenant asks for its id, others for a regular expression.
    const text = asGrafanaSends(query.expression, query.expression.includes('="$tenant"') ? traffic.tenant : '.*');
    return query.instant ? watching.now(text) : watching.lately(text, 60);
  };

  /** What a field of the overview shows; null where it shows no figure. */
  const figure = async (panel: string): Promise<number | null> => (await ask(queryOf(panel)))[0]?.values[0] ?? null;

  it('has an answer for every query of every panel, with the labels that legends name', async () => {
    const untilMs = Date.now() + PATIENCE_MS;
    let open = all;
    const lacking = await eventually(
      async () => {
        const asked = await Promise.all(open.map(async (query) => ({ query, lacks: lackOf(query, await ask(query)) })));
        const without = asked.filter(({ lacks }) => lacks !== '');
        open = without.map(({ query }) => query);
        return without.map(({ query: { board, panel, refId }, lacks }) => `${board}, ${panel}, ${refId}: ${lacks}`);
      },
      (lines) => lines.length === 0 || Date.now() > untilMs,
      { timeoutMs: 2 * PATIENCE_MS, intervalMs: 2_000 },
    );
    expect(lacking).toEqual([]);
  }, 240_000);

  it('tells whose data is refused and why on its first page, also what happened once and never before', async () => {
    // The tenant sends more than it may, so that this too may be refused for that alone.
    await eventually(
      () =>
        fetch(`${recovery.app('ingest-api').url}/api/v1/metrics`, {
          method: 'POST',
          headers: { 'content-type': 'text/csv', 'x-api-key': traffic.key },
          body: 'a,b',
        }),
      ({ status }) => status === 415,
    );
    expect(await figure('Is data being refused?')).toBeGreaterThan(0.05);
    const codes = await eventually(
      async () => rowsOf(await ask(queryOf('Whose is refused, and why'))),
      (rows) => ['unsupported_media_type', 'rate_limited'].every((wanted) => rows.some(({ code }) => code === wanted)),
    );
    expect(codes).toContainEqual({ tenant: 'any', code: 'unsupported_media_type', value: 1 });
    expect(codes).toContainEqual({ tenant: traffic.tenant, code: 'rate_limited', value: expect.any(Number) });
    expect(codes.filter(({ tenant, code }) => tenant === 'any' && code === 'rate_limited')).toEqual([]);
  });

  it('tells on its first page that data is delayed, and claims nothing of loss, while metrics-consumer is away; then what was lost, and where', async () => {
    expect(await figure('Is data being lost?')).toBe(0);
    await recovery.app('metrics-consumer').end('SIGKILL');
    await eventually(
      () => figure('Is data being delayed?'),
      (seconds) => (seconds ?? 0) > 10,
      { timeoutMs: 60_000 },
    );
    await eventually(
      () => figure('Is data being lost?'),
      (lost) => lost === null, // a scrape of it has failed by now
    );

    // As retention would.
    const raw = recovery.topics.name(metricsRaw);
    const ends = await recovery.admin.watermarks([raw]);
    await recovery.admin.deleteRecords(ends.map(({ partition, high }) => ({ topic: raw, partition, offset: high })));
    recovery.app('metrics-consumer').start();
    await recovery.app('metrics-consumer').ready();
    const expired = async (): Promise<number> =>
      (await recovery.ledger()).partitions.reduce((sum, line) => sum + line.expired, 0);
    const told = await recovery.app('metrics-consumer').explaining(
      eventually(
        async () => ({ lost: await figure('Is data being lost?'), expired: await expired() }),
        // `increase` extrapolates to the edges of its window.
        ({ lost, expired: so }) => lost !== null && so > 0 && lost >= 0.9 * so && lost <= 1.5 * so,
        { timeoutMs: 150_000 },
      ),
    );
    const [row, ...others] = rowsOf(await ask(queryOf('What is lost, and where')));
    expect(row).toEqual({ topic: raw, outcome: 'expired', value: expect.any(Number) });
    expect(row?.value).toBeGreaterThanOrEqual(0.9 * told.expired);
    expect(others).toEqual([]);
  }, 360_000);

  it('leaves few queries out, each for a reason', () => {
    const empty = all.filter(({ emptyWhile }) => emptyWhile !== null);
    expect(empty.length).toBeLessThan(all.length / 10);
  });
});

/** The first query of a panel of the overview. */
function queryOf(title: string): PanelQuery {
  const query = all.find(({ board, panel, refId }) => board === 'Weir: overview' && panel === title && refId === 'A');
  if (query === undefined) throw new Error(`there is no panel "${title}"`);
  return query;
}

/** As a table shows it. */
const rowsOf = (answer: readonly Series[]): { readonly value: number; readonly [label: string]: unknown }[] =>
  answer.map(({ labels, values: [value = 0] }) => ({ ...labels, value }));

/** What is missing in an answer; "" where nothing is. */
function lackOf({ emptyWhile, labels }: PanelQuery, answer: readonly Series[]): string {
  const told = answer.filter(({ values }) => values.length > 0);
  if (told.length === 0) return emptyWhile === null ? 'empty' : '';
  const missing = labels.filter((label) => told.every((series) => series.labels[label] === undefined));
  return missing.map((label) => `no label ${label}`).join(', ');
}
