import { beforeEach, describe, expect, it } from '@jest/globals';
import { Metrics } from '@weir/telemetry';
import { resolveTopics } from '@weir/topics';

import { KafkaMetrics } from './kafka-metrics.js';

let metrics: Metrics;
let kafka: KafkaMetrics;
beforeEach(() => {
  metrics = new Metrics();
  const connection = { bootstrapServers: 'nowhere:9092', clientId: 'test', securityProtocol: 'PLAINTEXT' } as const;
  kafka = new KafkaMetrics({ connection, topics: resolveTopics(), enabled: true, consumerGroup: 'test' }, metrics);
});
const shown = async (): Promise<string[]> =>
  (await metrics.scrape()).split('\n').filter((line) => line.startsWith('kafka_connection_status{'));

describe('the status of connections to Kafka', () => {
  it('is down while one client of a component is', async () => {
    const [one, other] = [kafka.producerObserver('one'), kafka.producerObserver('other')];
    one.stateChanged?.('ready', 'connected');
    other.stateChanged?.('failed', 'no broker answered');
    expect(await shown()).toEqual(['kafka_connection_status{component="producer"} 0']);
    other.stateChanged?.('ready', 'connected');
    expect(await shown()).toEqual(['kafka_connection_status{component="producer"} 1']);
  });

  it('says nothing of a client that nobody has used: a relay that waits for its turn is not down', async () => {
    kafka.producerObserver('outbox');
    kafka.adminObserver();
    expect(await shown()).toEqual([]);
    kafka.producerObserver('other').stateChanged?.('ready', 'connected');
    expect(await shown()).toEqual(['kafka_connection_status{component="producer"} 1']);
  });

  it.each([
    ['kafka_unavailable', 0],
    ['kafka_authentication_failed', 0],
    ['kafka_request_invalid', 1],
    ['group_active', 1],
  ])('takes a call that fails as %s for %d: what the brokers refuse has reached them', async (code, status) => {
    const admin = kafka.adminObserver();
    admin.operation?.('ping', 'success');
    admin.operation?.('create topics', 'failure', code);
    expect(await shown()).toEqual([`kafka_connection_status{component="admin"} ${status}`]);
  });
});
