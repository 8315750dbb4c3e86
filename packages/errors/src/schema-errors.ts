import { UNTHROWN, WeirError, type WeirErrorOptions } from './weir-error.js';

/** Anything about schemas and the bytes written with them. */
export abstract class SchemaError extends WeirError {}

/** The registry did not answer, or not as a registry would. Retried; never a record's fault. */
export class SchemaRegistryUnavailableError extends SchemaError {
  override readonly code = 'schema_registry_unavailable';
  override readonly retryable = true;
}

/** The registry refused a schema because records of earlier versions could no longer be read. */
export class SchemaIncompatibleError extends SchemaError {
  override readonly code = 'schema_incompatible';
  override readonly retryable = false;
}

/** What is wrong with the bytes of one record; the closed list of the dead letter envelope. */
export type PoisonReason = 'frame' | 'unknown_schema' | 'decode';

/**
 * One record's bytes can never be read: no Confluent frame, a schema id that the registry does not know, or a
 * body that its writer schema does not describe. A record's own fault, hence a dead letter of class `poison`. An answer, without a stack.
 */
export class RecordDecodeError extends SchemaError {
  override readonly code = 'record_undecodable';
  override readonly retryable = false;

  constructor(
    readonly reason: PoisonReason,
    message: string,
    /** The schema id in the frame, where there was a frame. */
    readonly schemaId: number | null = null,
    options: WeirErrorOptions = {},
  ) {
    super(message, { ...options, ...UNTHROWN });
  }
}

/** A value does not fit the schema that it is to be written with; the caller's mistake. */
export class RecordEncodeError extends SchemaError {
  override readonly code = 'record_unencodable';
  override readonly retryable = false;
}
