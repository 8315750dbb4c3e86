import { RecordDecodeError, messageOf } from '@weir/errors';
import type { Resolver, Type } from 'avsc';

import { FRAME_BYTES, readSchemaId, schemaIdIn } from './frame.js';
import type { MetricEvent } from './metric-event.js';
import type { SchemaRegistryClient } from './registry.js';
import type { ReplayChunk } from './replay-chunk.js';
import type { ReplayEvent } from './replay-event.js';
import { parseSchema } from './strict-types.js';
import { newestSchema, subjects, type SubjectSchemas } from './subjects.js';
import type { Tenant } from './tenant.js';
import { WriterSchemas } from './writer-schemas.js';

export interface AvroDecoderOptions {
  /** Weir's own subject by which a 404 of the registry is believed. */
  readonly anchor: SubjectSchemas;
  /** How long a registry's "no such id" is believed, in milliseconds; 30 s unless given. */
  readonly negativeTtlMs?: number;
  /** How many ids that the registry lacks are remembered beside those of the values prepared for; 10,000 unless given. */
  readonly maxUnknown?: number;
  readonly now?: () => number;
}

const NEGATIVE_TTL_MS = 30_000;
const MAX_UNKNOWN = 10_000;

/** Reads values of any registered writer schema as the reader schema's shape. */
export class AvroDecoder<T> {
  private readonly reader: Type;
  private readonly schemas: WriterSchemas;

  constructor(registry: SchemaRegistryClient, readerSchema: string, options: AvroDecoderOptions) {
    this.reader = parseSchema(readerSchema);
    this.schemas = new WriterSchemas(registry, this.reader, {
      anchor: options.anchor,
      negativeTtlMs: options.negativeTtlMs ?? NEGATIVE_TTL_MS,
      maxUnknown: options.maxUnknown ?? MAX_UNKNOWN,
      now: options.now ?? Date.now,
    });
  }

  /**
   * Fetches the writer schemas that occur and are not known yet; with every schema known it asks nobody.
   *
   * It tries once and rejects with SchemaRegistryUnavailableError alone: the batch is then to be tried again later, and
   * none of its records is at fault.
   */
  async prepare(values: readonly (Buffer | null)[]): Promise<void> {
    const ids = new Set<number>();
    for (const value of values) {
      const id = schemaIdIn(value);
      if (id !== null) ids.add(id);
    }
    await this.schemas.load(ids);
  }

  /**
   * The value, or why its bytes can never be read: returned and not thrown, whatever the bytes are.
   *
   * Throws only for a value that `prepare` has not seen, which is a mistake in the program and must cost no record.
   */
  decode(value: Buffer): T | RecordDecodeError {
    const id = readSchemaId(value);
    if (id instanceof RecordDecodeError) return id;
    const schema = this.schemas.get(id);
    switch (schema?.kind) {
      case 'readable':
        return this.read(value, id, schema.resolver);
      case 'unreadable':
        return new RecordDecodeError('decode', `Schema ${id} cannot be read as ${this.reader.name}: ${schema.why}`, id);
      case 'unknown':
        return new RecordDecodeError('unknown_schema', `The registry has no schema ${id}.`, id);
      default:
        throw new Error(`Schema ${id} was not prepared for.`);
    }
  }

  /**
   * Whether `decode` can be called for this value as things are: its bytes name a schema that is known and readable, or none that a registry
   * could know.
   */
  reads(value: Buffer): boolean {
    const id = schemaIdIn(value);
    return id === null || this.schemas.get(id)?.kind === 'readable';
  }

  /**
   * Whether the schema that this value was written with has a field of this name at its top: tells a field that the writer left
   * empty from one that it did not know. False for a value that cannot be read. After `prepare`.
   */
  writes(value: Buffer, field: string): boolean {
    const id = schemaIdIn(value);
    const schema = id === null ? undefined : this.schemas.get(id);
    return schema?.kind === 'readable' && schema.fields.has(field);
  }

  private read(value: Buffer, id: number, resolver: Resolver): T | RecordDecodeError {
    try {
      const result: { value: T; offset: number } = this.reader.decode(value, FRAME_BYTES, resolver);
      const { value: decoded, offset } = result;
      if (offset === value.length) return decoded;
      const problem = offset < 0 ? 'it ends too early' : `${value.length - offset} bytes are left over`;
      return new RecordDecodeError('decode', `The body does not match schema ${id}: ${problem}.`, id);
    } catch (error) {
      // Also the RangeError of a body nested deeper than the stack.
      return new RecordDecodeError('decode', `The body does not match schema ${id}: ${messageOf(error)}.`, id, {
        cause: error,
      });
    }
  }
}

/** Any version of MetricEvent, as the newest. */
export function metricEventDecoder(
  registry: SchemaRegistryClient,
  options: Partial<AvroDecoderOptions> = {},
): AvroDecoder<MetricEvent> {
  return new AvroDecoder(registry, newestSchema(subjects.metricsRaw), { anchor: subjects.metricsRaw, ...options });
}

/** Any version of Tenant, as the newest. */
export function tenantDecoder(
  registry: SchemaRegistryClient,
  options: Partial<AvroDecoderOptions> = {},
): AvroDecoder<Tenant> {
  return new AvroDecoder(registry, newestSchema(subjects.tenants), { anchor: subjects.tenants, ...options });
}

/** Any version of ReplayChunk, as the newest. */
export function replayChunkDecoder(
  registry: SchemaRegistryClient,
  options: Partial<AvroDecoderOptions> = {},
): AvroDecoder<ReplayChunk> {
  return new AvroDecoder(registry, newestSchema(subjects.replayCommands), {
    anchor: subjects.replayCommands,
    ...options,
  });
}

/** Any version of ReplayEvent, as the newest. */
export function replayEventDecoder(
  registry: SchemaRegistryClient,
  options: Partial<AvroDecoderOptions> = {},
): AvroDecoder<ReplayEvent> {
  return new AvroDecoder(registry, newestSchema(subjects.replayEvents), { anchor: subjects.replayEvents, ...options });
}
