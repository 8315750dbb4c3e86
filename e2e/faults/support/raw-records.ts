import { metricsRaw } from '@weir/topics';

import type { System } from '../../support/system.js';
import { rawProducer } from './raw-producer.js';

/** Puts values into metrics.raw as they are. */
export async function putRaw(system: System, values: readonly Buffer[]): Promise<void> {
  const producer = await rawProducer();
  const topic = system.topics.name(metricsRaw);
  const headers = [{ key: 'tenant-id', value: Buffer.from(system.tenant.id) }];
  try {
    await producer.send(values.map((value, n) => ({ topic, key: `${n}`, value, headers })));
  } finally {
    await producer.close(5_000);
  }
}

/** No registry gave these out: ids are counted from 1. */
const NEVER_GIVEN_OUT = 2_000_000_000;

/** Values in Confluent's wire format, each with a schema id of its own that the registry does not have. */
export function withUnknownSchemas(count: number): Buffer[] {
  return Array.from({ length: count }, (_, n) => {
    const value = Buffer.from([0, 0, 0, 0, 0, 1, 2, 3, n % 256]);
    value.writeUInt32BE(NEVER_GIVEN_OUT + n, 1);
    return value;
  });
}
