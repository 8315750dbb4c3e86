import { expect, it } from '@jest/globals';

import { Metrics } from './metrics.js';
import { watchPool } from './pool-gauges.js';

it('shows at each scrape how many connections of a pool are busy and idle, who waits for one, and how many there may be', async () => {
  const metrics = new Metrics();
  let use = { busy: 3, idle: 5, waiting: 0, limit: 10 };
  watchPool(metrics, () => use);
  const shown = async (): Promise<string[]> =>
    (await metrics.scrape()).split('\n').filter((line) => line.startsWith('weir_database_pool_'));
  expect(await shown()).toEqual([
    'weir_database_pool_connections{state="busy"} 3',
    'weir_database_pool_connections{state="idle"} 5',
    'weir_database_pool_limit_connections 10',
    'weir_database_pool_waiting_requests 0',
  ]);
  use = { busy: 10, idle: 0, waiting: 7, limit: 10 };
  expect(await shown()).toEqual([
    'weir_database_pool_connections{state="busy"} 10',
    'weir_database_pool_connections{state="idle"} 0',
    'weir_database_pool_limit_connections 10',
    'weir_database_pool_waiting_requests 7',
  ]);
});
