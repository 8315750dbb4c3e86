import { connectSchemaRegistry, type MetricEvent, MetricEventEncoder, SchemaVersion, subjects } from '@weir/avro';
import type { DeadLetterReason, OutgoingRecord } from '@weir/kafka';
import { engines } from '@weir/testing';
import { metricsRaw } from '@weir/topics';

import type { DemoTenant, System } from '../../support/system.js';
import { rawProducer } from './raw-producer.js';

/** No registry gave it out: ids are counted from 1. */
const NEVER_GIVEN_OUT = 2_000_000_000;
/** What `refuseSomeRows` makes the database refuse. */
const REFUSED_VALUE = -1e300;
/** The database is asked for each such row alone, so there are fewer of them. */
const ROWS_BETWEEN_REFUSED = 40;

type Encode = (changes: Partial<MetricEvent>) => Buffer;
type Kind = readonly [reason: DeadLetterReason, valueOf: (encode: Encode, n: number) => Buffer];

const KINDS: readonly Kind[] = [
  ['frame', (_, n) => Buffer.from(`{"poison":${n}}`)],
  ['unknown_schema', (encode, n) => withSchemaId(encode({ value: n }), NEVER_GIVEN_OUT)],
  ['decode', (encode, n) => encode({ value: n }).subarray(0, -1)],
  ['value', (encode, n) => encode({ value: Number.NaN, labels: { n: String(n) } })],
  ['name', (encode, n) => encode({ value: n, name: 'no spaces' })],
  ['timestamp', (encode, n) => encode({ value: n, timestamp: -1 })],
  ['tenant', (encode, n) => encode({ value: n, tenant_id: 'somebody-else' })],
];
const DATABASE: Kind = ['database', (encode, n) => encode({ value: REFUSED_VALUE, labels: { n: String(n) } })];

/** Puts what can never be stored into metrics.raw, of every kind, and remembers it. */
export class Poison {
  /** Why each will be refused, by its bytes in hexadecimal. */
  readonly sent = new Map<string, DeadLetterReason>();

  private constructor(
    private readonly system: System,
    private readonly encoder: MetricEventEncoder,
    private readonly producer: Awaited<ReturnType<typeof rawProducer>>,
  ) {}

  static async for(system: System): Promise<Poison> {
    const registry = connectSchemaRegistry({ url: engines().schemaRegistry.url });
    const { subject } = subjects.metricsRaw;
    const encoder = new MetricEventEncoder(registry, { subject, autoRegister: true });
    await encoder.ready(SchemaVersion.V3);
    await system.sql(`ALTER TABLE metrics.samples ADD CONSTRAINT no_poison CHECK (value > ${REFUSED_VALUE})`);
    return new Poison(system, encoder, await rawProducer());
  }

  /** So many of each of these tenants. */
  async put(tenants: readonly DemoTenant[], count: number): Promise<void> {
    await this.producer.send(tenants.flatMap((tenant) => Array.from({ length: count }, () => this.next(tenant))));
  }

  async close(): Promise<void> {
    await this.producer.close(5_000);
  }

  private next({ id }: DemoTenant): OutgoingRecord {
    const n = this.sent.size;
    const kind = n % ROWS_BETWEEN_REFUSED === 0 ? DATABASE : KINDS[n % KINDS.length];
    const [reason, valueOf] = kind ?? DATABASE;
    const value = valueOf((changes) => this.encode({ tenant_id: id, ...changes }), n);
    this.sent.set(value.toString('hex'), reason);
    const headers = [{ key: 'tenant-id', value: Buffer.from(id) }];
    return { topic: this.system.topics.name(metricsRaw), key: String(n), value, headers };
  }

  private encode(changes: Partial<MetricEvent>): Buffer {
    const good = { name: 'poison', value: 1, timestamp: Date.now(), labels: {}, environment: null, ingested_at: 0 };
    const [value = Buffer.alloc(0)] = this.encoder.encode([{ ...good, tenant_id: '', ...changes }], SchemaVersion.V3);
    return value;
  }
}

function withSchemaId(value: Buffer, id: number): Buffer {
  value.writeUInt32BE(id, 1);
  return value;
}
