import { connectSchemaRegistry, type Tenant, tenantDecoder } from '@weir/avro';
import { TopicReader } from '@weir/kafka';
import { engines, eventually } from '@weir/testing';

import { kafkaConnection } from './system.js';

/** Every record of the topic `tenants`, in order, as a read_committed reader has it. */
export async function tenantRecords(topic: string): Promise<Tenant[]> {
  const values: Buffer[] = [];
  const reader = new TopicReader(kafkaConnection(), {
    topic,
    onRecord: ({ value }) => {
      if (value !== null) values.push(value);
    },
  });
  reader.start();
  await eventually(() => reader.caughtUp);
  await reader.close();
  const decoder = tenantDecoder(connectSchemaRegistry({ url: engines().schemaRegistry.url }));
  await decoder.prepare(values);
  return values.flatMap((value) => {
    const decoded = decoder.decode(value);
    return decoded instanceof Error ? [] : [decoded];
  });
}
