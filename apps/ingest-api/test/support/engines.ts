import type { KafkaConnection } from '@weir/kafka';
import { engines } from '@weir/testing';

/** The broker of this test run. */
export function connection(): KafkaConnection {
  return { bootstrapServers: engines().kafka.bootstrapServers, clientId: 'ingest-test', securityProtocol: 'PLAINTEXT' };
}
