import { describe, expect, it } from '@jest/globals';

import { clientStatistics } from './statistics.js';

/** As librdkafka 2.15 writes it, cut to what is read. */
const MESSAGE = JSON.stringify({
  name: 'weir#consumer-1',
  brokers: {
    'localhost:9092/bootstrap': { nodeid: -1, state: 'UP', rtt: { p99: 900_000 } },
    'localhost:9092/1': {
      nodeid: 1,
      state: 'UP',
      outbuf_cnt: 2,
      waitresp_cnt: 3,
      req_timeouts: 1,
      txretries: 4,
      rtt: { p99: 1_500 },
      throttle: { max: 20 },
    },
    'localhost:9093/2': { nodeid: 2, state: 'DOWN', outbuf_cnt: 1, rtt: { p99: 40_000 }, throttle: { max: 0 } },
    'localhost:9094/3': { nodeid: 3, state: 'INIT' },
    GroupCoordinator: { nodeid: 1, state: 'UP', waitresp_cnt: 1 },
  },
  topics: {
    'metrics.raw': { partitions: { '0': { fetchq_cnt: 7 }, 'localhost:9092/1': { fetchq_cnt: 5 }, '-1': {} } },
  },
});

describe('what librdkafka tells of a client', () => {
  it('is summed up over its brokers and partitions, in seconds, bootstrap addresses left out', () => {
    expect(clientStatistics(MESSAGE)).toEqual({
      brokersUp: 1,
      brokersDown: 1,
      roundTripSeconds: 0.04,
      throttleSeconds: 0.02,
      waitingRequests: 7,
      timedOutRequests: 1,
      retriedRequests: 4,
      fetchedRecords: 12,
    });
  });

  it.each(['', 'no JSON', 'null', '[]', '{"brokers": null}', '{}'])(
    'is passed over where it is none: %j',
    (message) => {
      expect(clientStatistics(message)).toBeNull();
    },
  );
});
