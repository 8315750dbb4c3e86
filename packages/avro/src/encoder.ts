import { SchemaRegistryUnavailableError, retry } from '@weir/errors';

import type { Compatibility, SchemaRegistryClient } from './registry.js';
import { type PackedValues, SlabWriter } from './slab.js';
import { parseSchema } from './strict-types.js';
import { waiting } from './waiting.js';

export interface AvroEncoderOptions {
  readonly subject: string;
  readonly schema: string;
  readonly compatibility: Compatibility;
  /** Register the schema where the registry lacks it; otherwise wait until somebody has (`schemas:register`). */
  readonly autoRegister: boolean;
}

/** Writes values with one schema, each in a Confluent frame. */
export class AvroEncoder<T> {
  private readonly slab: SlabWriter;
  private schemaId: number | null = null;
  private resolving: Promise<number> | null = null;

  constructor(
    private readonly registry: SchemaRegistryClient,
    private readonly options: AvroEncoderOptions,
  ) {
    this.slab = new SlabWriter(parseSchema(options.schema));
  }

  /** Whether `encode` may be called. */
  get isReady(): boolean {
    return this.schemaId !== null;
  }

  /**
   * Resolves once the schema's id is known, which then stays known for ever.
   *
   * It waits for a registry that is away, with growing pauses, until it is back or `signal` fires; then it rejects
   * with SchemaRegistryUnavailableError. SchemaIncompatibleError rejects at once. Calls at the same time share one attempt
   * at the registry.
   */
  async ready(signal?: AbortSignal): Promise<void> {
    if (this.schemaId !== null) return;
    this.schemaId = await retry(() => this.resolveOnce(), waiting(signal === undefined ? {} : { signal }));
  }

  /**
   * The framed values, as views of one new buffer.
   *
   * Throws RecordEncodeError where a value does not fit the schema, and SchemaRegistryUnavailableError before `ready`.
   */
  encode(values: readonly T[]): Buffer[] {
    const { bytes, ends } = this.encodePacked(values);
    return Array.from(ends, (end, at) => bytes.subarray(at === 0 ? 0 : ends[at - 1], end));
  }

  /** The framed values one after the other in one new buffer. Throws as `encode` does. */
  encodePacked(values: readonly T[]): PackedValues {
    if (this.schemaId === null)
      throw new SchemaRegistryUnavailableError(`The id of the schema for ${this.options.subject} is not known yet.`);
    return this.slab.write(values, this.schemaId);
  }

  private async resolveOnce(): Promise<number> {
    this.resolving ??= this.resolve().finally(() => (this.resolving = null));
    return await this.resolving;
  }

  private async resolve(): Promise<number> {
    const { subject, schema, compatibility, autoRegister } = this.options;
    if (autoRegister) return await this.registry.register(subject, schema, compatibility);
    const id = await this.registry.idOf(subject, schema);
    if (id === null)
      throw new SchemaRegistryUnavailableError(`The registry has no such schema for ${subject}: run schemas:register.`);
    return id;
  }
}
