import { beforeEach, describe, expect, it } from '@jest/globals';

import { Metrics } from './metrics.js';

let metrics: Metrics;
beforeEach(() => {
  metrics = new Metrics();
});
const linesOf = async (name: string): Promise<string[]> =>
  (await metrics.scrape()).split('\n').filter((line) => line.startsWith(name));

const shown = (text: string): string[] => text.split('\n').filter((line) => line.includes('weir_query_duration'));

describe('a hot counter', () => {
  it('shows at each scrape all that was counted by then, and what was counted beside it', async () => {
    const cell = metrics.hotCounter('weir_ingest_requests_total').of({ status: '202' });
    cell.inc();
    cell.inc(4);
    metrics.counter('weir_ingest_requests_total').inc({ status: '202' }, 10);
    expect(await linesOf('weir_ingest_requests_total')).toEqual(['weir_ingest_requests_total{status="202"} 15']);
    cell.inc();
    expect(await linesOf('weir_ingest_requests_total')).toEqual(['weir_ingest_requests_total{status="202"} 16']);
  });

  it('is there with 0 from the moment on at which somebody holds a cell of it', async () => {
    metrics.hotCounter('weir_ingest_requests_total').of({ status: '207' });
    expect(await linesOf('weir_ingest_requests_total')).toEqual(['weir_ingest_requests_total{status="207"} 0']);
  });
});

describe('a hot histogram', () => {
  it('shows what prom-client shows of the same values', async () => {
    const others = new Metrics();
    const hot = metrics.hotHistogram('weir_query_duration_seconds').of({ route: '/a' });
    const plain = others.histogram('weir_query_duration_seconds');
    for (const value of [0, 0.001, 0.0011, 0.03, 0.04, 0.0400001, 0.5, 29.9, 30, 31, 1_000]) {
      hot.observe(value);
      plain.observe({ route: '/a' }, value);
    }
    expect(shown(await metrics.scrape())).toEqual(shown(await others.scrape()));
  });

  it('takes as many equal values at once as it is told', async () => {
    const cell = metrics.hotHistogram('weir_freshness_seconds').of({});
    cell.observe(2, 1_000);
    const lines = await linesOf('weir_freshness_seconds');
    expect(lines).toContain('weir_freshness_seconds_bucket{le="1"} 0');
    expect(lines).toContain('weir_freshness_seconds_bucket{le="2.5"} 1000');
    expect(lines).toContain('weir_freshness_seconds_sum 2000');
    expect(lines).toContain('weir_freshness_seconds_count 1000');
  });

  it('keeps label sets apart, and is one for whoever asks', async () => {
    metrics.hotHistogram('weir_query_duration_seconds').of({ route: '/a' }).observe(1);
    metrics.hotHistogram('weir_query_duration_seconds').of({ route: '/b' }).observe(1, 2);
    metrics.hotHistogram('weir_query_duration_seconds').of({ route: '/a' }).observe(1);
    expect((await linesOf('weir_query_duration_seconds_count')).toSorted()).toEqual([
      'weir_query_duration_seconds_count{route="/a"} 2',
      'weir_query_duration_seconds_count{route="/b"} 2',
    ]);
  });
});
