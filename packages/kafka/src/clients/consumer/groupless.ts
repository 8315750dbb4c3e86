import type { KafkaConnection } from '../../connection.js';
import { clientSettings, uniqueClientId } from '../client-settings.js';
import type { NativeSettings } from './native-client.js';

/** librdkafka's settings for a client that reads partitions of its own choice, without a group and without ever committing. */
export const grouplessSettings = (connection: KafkaConnection, name: string): NativeSettings => ({
  ...clientSettings(connection),
  // The client insists on a group. Nothing is ever subscribed or committed under this one.
  'group.id': uniqueClientId(`weir-${name}`),
  'enable.auto.commit': false,
  'enable.auto.offset.store': false,
  'auto.offset.reset': 'earliest',
  'isolation.level': 'read_committed',
  'partition.assignment.strategy': 'cooperative-sticky',
  'allow.auto.create.topics': false,
});
