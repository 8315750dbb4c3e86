import { once } from 'node:events';
import { Agent, get, type IncomingMessage, type RequestOptions } from 'node:http';
import { text } from 'node:stream/consumers';

import { Client } from 'pg';

import { UseMeter } from '../measure/process-use.js';
import { percentilesOf } from '../measure/ratios.js';
import { hostOf, pathOf } from '../samples.js';
import type { Contender, Extent, Run, Stage } from '../stage.js';
import { BenchSystem } from '../system.js';

const DAY_MS = 86_400_000;
const BUCKET_MS = 300_000;
const NAME = 'http_request_duration_seconds';
/** Weir may take 1.3 times as long as the statement alone. */
const WANTED = 1.3;
/** So many are made in one statement. */
const CHUNK_SAMPLES = 1_000_000;

interface Question {
  readonly stage: Pick<Stage, 'name' | 'about'>;
  /** The statement by hand, with one `value` in each row, and its parameters for question `n`. */
  readonly sql: string;
  readonly valuesOf: (n: number, range: Range) => readonly unknown[];
  /** The same question to query-api: path and parameters. */
  readonly addressOf: (n: number, range: Range) => string;
  /** The numbers in an answer of query-api, in the order of the statement's rows. */
  readonly numbersIn: (answer: unknown) => readonly number[];
}

/** Epoch milliseconds. */
interface Range {
  readonly tenantId: string;
  readonly from: number;
  readonly to: number;
  readonly series: number;
}

export const latest: Stage = asking({
  stage: {
    name: 'query-latest',
    about:
      'The last 100 points of one series over HTTP, one question after the other; the limit is the best statement by hand on the same tables, over one connection.',
  },
  sql: `SELECT points.value FROM metrics.series
    CROSS JOIN LATERAL (SELECT ts, value FROM metrics.samples
      WHERE series_id = series.id AND ts >= to_timestamp($4 / 1000.0) AND ts < to_timestamp($5 / 1000.0) ORDER BY ts DESC LIMIT 100) points
    WHERE tenant_id = $1 AND name = $2 AND labels @> $3::jsonb ORDER BY ts DESC LIMIT 100`,
  valuesOf: (n, { tenantId, from, to, series }) => [
    tenantId,
    NAME,
    JSON.stringify({ host: hostOf(n % series) }),
    from,
    to,
  ],
  addressOf: (n, { from, to, series }) =>
    `?name=${NAME}&label.host=${hostOf(n % series)}&from=${from}&to=${to}&limit=100`,
  numbersIn: (answer) => (answer as { points: { value: number }[] }).points.map(({ value }) => value),
});

export const aggregated: Stage = asking({
  stage: {
    name: 'query-day',
    about:
      'A day in buckets of 5 minutes over 250 series, averaged, over HTTP, one question after the other; the limit is the best statement by hand on the same tables, over one connection.',
  },
  sql: `SELECT avg(value) AS value FROM metrics.samples JOIN metrics.series ON series.id = series_id
    WHERE tenant_id = $1 AND name = $2 AND labels @> $3::jsonb AND ts >= to_timestamp($4 / 1000.0) AND ts < to_timestamp($5 / 1000.0)
    GROUP BY date_bin('5 minutes', ts, 'epoch') ORDER BY date_bin('5 minutes', ts, 'epoch')`,
  valuesOf: (_n, { tenantId, from, to }) => [
    tenantId,
    NAME,
    JSON.stringify({ method: 'GET', path: pathOf(0) }),
    from,
    to,
  ],
  addressOf: (_n, { from, to }) =>
    `/query?name=${NAME}&label.method=GET&label.path=${encodeURIComponent(pathOf(0))}&from=${from}&to=${to}&step=5m&agg=avg`,
  numbersIn: (answer) =>
    (answer as { series: { points: [number, number][] }[] }).series.flatMap(({ points }) =>
      points.map(([, value]) => value),
    ),
});

/** What lies between the first and the last sample of each series, which came through Weir: in the order of time, as samples come. */
const BETWEEN = `INSERT INTO metrics.samples (series_id, ts, value, version)
  SELECT series_id, ts + nth * $3::float8 * interval '1 ms', value + nth * $4::float8, version
  FROM generate_series($1::int, $2::int) AS nth CROSS JOIN metrics.samples AS first
  WHERE ts = to_timestamp($5 / 1000.0) ORDER BY nth, series_id`;

function asking(question: Question): Stage {
  return {
    ...question.stage,
    unit: 'questions',
    target: 1 / WANTED,
    wantedTail: WANTED,
    peerTarget: null,
    async open(extent, shared) {
      const { weir, range } = await shared.of(filled, extent);
      const { seconds } = extent;
      const { tenant, databaseUrl } = weir.running;
      const client = new Client({ connectionString: databaseUrl });
      await client.connect();
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const byHand = async (n: number): Promise<readonly number[]> => {
        const values = [...question.valuesOf(n, range)];
        const { rows } = await client.query<{ value: number }>({ name: 'question', text: question.sql, values });
        return rows.map(({ value }) => value);
      };
      const byWeir = async (n: number): Promise<readonly number[]> => {
        const url = `${weir.running.query.url}/api/v1/metrics${question.addressOf(n, range)}`;
        return question.numbersIn(JSON.parse(await answerTo(url, { agent, headers: { 'x-api-key': tenant.apiKey } })));
      };
      await assertSame(byHand, byWeir).catch(async (error: unknown) => {
        await client.end();
        agent.destroy();
        throw error;
      });
      const postgres = weir.pidsOf('postgres');
      const pids = new Map([['query-api', weir.running.query.pid ?? 0], ...postgres]);
      return {
        contenders: [asked('limit', new Map(postgres), seconds, byHand), asked('weir', pids, seconds, byWeir)],
        close: () => {
          agent.destroy();
          return client.end();
        },
      };
    },
  };
}

/** A system with a day of samples; stages in a row share it. */
async function filled({ asked: { samples, series } }: Extent) {
  const weir = await BenchSystem.start();
  const to = Math.floor(Date.now() / BUCKET_MS) * BUCKET_MS;
  const range: Range = { tenantId: weir.running.tenant.id, from: to - DAY_MS, to, series };
  const ofEach = samples / series;
  const stepMs = Math.floor(DAY_MS / ofEach);
  const writing = { count: series, startMs: range.from, stepMs, series: { count: series } };
  await weir.write(writing);
  await weir.write({ ...writing, from: samples - series });
  await weir.allStored();
  await weir.running.sql('ALTER TABLE metrics.samples DROP CONSTRAINT samples_pkey'); // made anew: many times as fast
  const chunk = Math.ceil(CHUNK_SAMPLES / series);
  for (let nth = 1; nth < ofEach - 1; nth += chunk)
    await weir.running.sql(BETWEEN, [nth, Math.min(nth + chunk, ofEach - 1) - 1, stepMs, series, range.from]);
  await weir.running.sql('ALTER TABLE metrics.samples ADD PRIMARY KEY (series_id, ts)');
  if ((await weir.samples()) !== samples) throw new Error(`There are ${await weir.samples()} samples`);
  await weir.running.sql('VACUUM ANALYZE metrics.series, metrics.samples');
  return { weir, range, stop: () => weir.stop() };
}

/** Both answer some questions alike, and with something. */
async function assertSame(
  byHand: (n: number) => Promise<readonly number[]>,
  byWeir: (n: number) => Promise<readonly number[]>,
): Promise<void> {
  for (const n of [0, 1, 500]) {
    const [hand, weir] = [await byHand(n), await byWeir(n)];
    const same = hand.length === weir.length && hand.every((value, at) => Math.abs(value - (weir[at] ?? NaN)) < 1e-6);
    if (!same || hand.length === 0) throw new Error(`Question ${n} has ${hand.length} and ${weir.length} numbers`);
  }
}

/** The body of what a GET was answered with. `fetch` takes twice as long, which would count for Weir. */
async function answerTo(url: string, options: RequestOptions): Promise<string> {
  const [answer] = (await once(get(url, options), 'response')) as [IncomingMessage];
  if (answer.statusCode !== 200) throw new Error(`${url} answered with ${answer.statusCode}`);
  return text(answer);
}

/** One question after the other, for so long. */
function asked(
  name: string,
  pids: ReadonlyMap<string, number>,
  seconds: number,
  ask: (n: number) => Promise<readonly number[]>,
): Contender {
  let n = 0;
  return {
    name,
    async run(): Promise<Run> {
      const times: number[] = [];
      const meter = new UseMeter(pids);
      const began = performance.now();
      for (let at = began; at < began + seconds * 1_000;) {
        const numbers = await ask((n += 1));
        if (numbers.length === 0) throw new Error(`${name} has no answer to question ${n}`);
        const now = performance.now();
        times.push(now - at);
        at = now;
      }
      const took = (performance.now() - began) / 1_000;
      return { count: times.length, seconds: took, latencyMs: percentilesOf(times), use: meter.read() };
    },
  };
}
