import {
  allSubjects,
  type Compatibility,
  type MetricEvent,
  MetricEventEncoder,
  SchemaVersion,
  type SchemaRegistryClient,
  subjects,
} from '@weir/avro';
import { SchemaRegistryUnavailableError } from '@weir/errors';
import type { DeadLetterEnvelope, RecordHeader } from '@weir/kafka';
import { deadLetterClass } from '@weir/kafka';

import { type Examination, Examiner } from '../../src/diagnosis/diagnose.js';
import { RegistrySchemas } from '../../src/diagnosis/registry-schemas.js';

/** When the records of these tests were appended. */
export const APPENDED_MS = Date.parse('2026-11-21T10:00:00.000Z');

export const event: MetricEvent = {
  name: 'http_requests_total',
  value: 12.5,
  timestamp: APPENDED_MS - 200,
  labels: { region: 'eu', host: 'web-1' },
  environment: 'production',
  tenant_id: 'acme',
  ingested_at: APPENDED_MS - 100,
};

/** What a registry holds, without one: for what depends on the schemas and not on how they are asked for. */
export class SchemasInMemory implements SchemaRegistryClient {
  down = false;
  private readonly texts: string[] = [];
  private readonly bySubject = new Map<string, Set<string>>();

  /** Ids begin at 1; the same text has the same id under every subject. */
  async register(subject: string, schema: string, _compatibility: Compatibility = 'NONE'): Promise<number> {
    if (!this.texts.includes(schema)) this.texts.push(schema);
    this.bySubject.set(subject, (this.bySubject.get(subject) ?? new Set()).add(schema));
    return this.texts.indexOf(schema) + 1;
  }

  async idOf(subject: string, schema: string): Promise<number | null> {
    this.assertThere();
    return this.bySubject.get(subject)?.has(schema) === true ? this.texts.indexOf(schema) + 1 : null;
  }

  async schemaById(id: number): Promise<string | null> {
    this.assertThere();
    return this.texts[id - 1] ?? null;
  }

  async ping(): Promise<void> {
    this.assertThere();
  }

  private assertThere(): void {
    if (this.down) throw new SchemaRegistryUnavailableError('The schema registry did not answer: ECONNREFUSED');
  }
}

/** What of a dead letter is other than usual. */
export interface LetterOf {
  readonly headers?: readonly RecordHeader[];
  readonly reason?: DeadLetterEnvelope['dlq_metadata']['reason'];
  readonly error?: string;
  readonly omittedBytes?: number;
}

export function envelopeOf(
  value: Buffer | null,
  { headers = [], reason = 'frame', error = 'it failed', omittedBytes = 0 }: LetterOf = {},
): DeadLetterEnvelope {
  return {
    dlq_metadata: {
      routed_at_utc: new Date(APPENDED_MS + 1_000).toISOString(),
      reason,
      error,
      class: deadLetterClass(reason),
      fingerprint: 'f',
      attempts: 1,
      consumer_group: 'metrics-consumer',
      service_version: '1.2.3',
      schema_id: null,
      tenant_id: null,
      trace_id: null,
    },
    source: {
      topic: 'metrics.raw',
      partition: 3,
      offset: 42,
      timestamp_ms: APPENDED_MS,
      key: null,
      raw_value_hex: value?.toString('hex') ?? null,
      headers: headers.map(({ key, value: bytes }) => ({ key, value_hex: bytes?.toString('hex') ?? null })),
      key_hex: null,
      ...(omittedBytes > 0 && { omitted_bytes: omittedBytes }),
    },
  };
}

/** An examiner whose registry has Weir's own schemas, and the means to write records. */
export class DeadLetterBench {
  private constructor(
    readonly registry: SchemasInMemory,
    readonly examiner: Examiner,
    private readonly encoder: MetricEventEncoder,
  ) {}

  static async create(): Promise<DeadLetterBench> {
    const registry = new SchemasInMemory();
    const encoder = new MetricEventEncoder(registry, { subject: subjects.metricsRaw.subject, autoRegister: true });
    await encoder.ready(SchemaVersion.V3);
    for (const { subject, versions, compatibility } of allSubjects)
      for (const { schema } of versions) await registry.register(subject, schema, compatibility);
    return new DeadLetterBench(registry, new Examiner(new RegistrySchemas(registry)), encoder);
  }

  write(changes: Partial<MetricEvent> = {}, version: SchemaVersion = SchemaVersion.V3): Buffer {
    const [value = Buffer.alloc(0)] = this.encoder.encode([{ ...event, ...changes }], version);
    return Buffer.from(value);
  }

  examine(value: Buffer | null, letter: LetterOf = {}): Promise<Examination> {
    const { headers = [], omittedBytes = 0 } = letter;
    const original = omittedBytes > 0 ? null : { key: null, value, headers };
    return this.examiner.examine(envelopeOf(value, letter), original);
  }
}

export const header = (key: string, value: string | Buffer | null): RecordHeader => ({
  key,
  value: value === null ? null : Buffer.from(value),
});
