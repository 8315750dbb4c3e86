import { AvroEncoder } from './encoder.js';
import { SchemaVersion, type MetricEvent } from './metric-event.js';
import type { SchemaRegistryClient } from './registry.js';
import type { PackedValues } from './slab.js';
import { subjects } from './subjects.js';

export interface MetricEventEncoderOptions {
  readonly subject: string;
  readonly autoRegister: boolean;
}

/**
 * One encoder for each version of MetricEvent; the version is chosen at each call.
 *
 * v1 and v2 leave out what they have no field for (environment; tenant_id and ingested_at): the tenant then belongs into
 * the record header `tenant-id`.
 */
export class MetricEventEncoder {
  private readonly encoders: Readonly<Record<SchemaVersion, AvroEncoder<MetricEvent>>>;

  constructor(
    private readonly registry: SchemaRegistryClient,
    private readonly options: MetricEventEncoderOptions,
  ) {
    this.encoders = {
      [SchemaVersion.V1]: this.encoderOf(SchemaVersion.V1),
      [SchemaVersion.V2]: this.encoderOf(SchemaVersion.V2),
      [SchemaVersion.V3]: this.encoderOf(SchemaVersion.V3),
    };
  }

  /** Whether `encode` may be called with this version. */
  isReady(version: SchemaVersion): boolean {
    return this.encoders[version].isReady;
  }

  /**
   * Resolves once this version may be encoded; see AvroEncoder.ready for how it waits.
   *
   * With `autoRegister` the earlier versions are registered before it, in their order: a registry holds a schema against
   * what is there, so that one which was released first and is registered last may be refused.
   */
  async ready(version: SchemaVersion, signal?: AbortSignal): Promise<void> {
    for (const earlier of Object.values(SchemaVersion)) {
      if (earlier === version) break;
      if (this.options.autoRegister) await this.encoders[earlier].ready(signal);
    }
    await this.encoders[version].ready(signal);
  }

  /** The framed events, as views of one new buffer. Throws as AvroEncoder.encode does. */
  encode(events: readonly MetricEvent[], version: SchemaVersion): Buffer[] {
    return this.encoders[version].encode(events);
  }

  /** The framed events one after the other in one new buffer. Throws as AvroEncoder.encode does. */
  encodePacked(events: readonly MetricEvent[], version: SchemaVersion): PackedValues {
    return this.encoders[version].encodePacked(events);
  }

  private encoderOf(version: SchemaVersion): AvroEncoder<MetricEvent> {
    const { versions, compatibility } = subjects.metricsRaw;
    const schema = versions.find((released) => released.version === version)?.schema;
    if (schema === undefined) throw new Error(`schemas/ has no ${version} of MetricEvent.`);
    return new AvroEncoder(this.registry, { ...this.options, schema, compatibility });
  }
}
