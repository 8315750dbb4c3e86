import { expect, it } from '@jest/globals';
import { engines, uniqueName } from '@weir/testing';

import {
  MetricEventEncoder,
  SchemaVersion,
  connectSchemaRegistry,
  metricEventDecoder,
  subjects,
} from '../src/index.js';

it('reads v1, v2 and v3 as the newest', async () => {
  const registry = connectSchemaRegistry({ url: engines().schemaRegistry.url });
  const subject = uniqueName('metric-event');
  const encoder = new MetricEventEncoder(registry, { subject, autoRegister: true });
  const decoder = metricEventDecoder(registry, { anchor: { ...subjects.metricsRaw, subject } });
  const event = {
    name: 'a',
    value: 1.5,
    timestamp: 1700000000000,
    labels: { __proto__x: 'b' },
    environment: 'prod',
    tenant_id: 't',
    ingested_at: 5,
  };
  for (const version of Object.values(SchemaVersion)) {
    await encoder.ready(version);
    const [value] = encoder.encode([event], version);
    await decoder.prepare([value!]);
    expect(decoder.decode(value!)).toMatchObject({ name: 'a' });
  }
});
