/** How a subject holds a new schema against the earlier ones. */
export type Compatibility =
  'NONE' | 'BACKWARD' | 'BACKWARD_TRANSITIVE' | 'FORWARD' | 'FORWARD_TRANSITIVE' | 'FULL' | 'FULL_TRANSITIVE';

export interface SchemaLookupOptions {
  /** Ask the registry even where the answer is known already. */
  readonly fresh?: boolean;
}

/**
 * The schema registry, as far as Weir needs it.
 *
 * Every call makes one try within the request time-out and rejects with SchemaRegistryUnavailableError (retryable)
 * where the registry is away, slow, refuses the credentials or answers as no registry would. Whoever can wait puts
 * `retry` around it.
 */
export interface SchemaRegistryClient {
  /**
   * Gives the subject its compatibility level, registers the schema and returns its id; the same again for a schema that
   * is there already. Rejects with SchemaIncompatibleError where the registry refuses the schema.
   */
  register(subject: string, schemaJson: string, compatibility: Compatibility): Promise<number>;
  /** The id under which the subject has this schema; null where a live registry says that it has not. Never cached. */
  idOf(subject: string, schemaJson: string): Promise<number | null>;
  /** The schema's text, kept for ever once known; null where a live registry answers 404, which is not kept. */
  schemaById(id: number, options?: SchemaLookupOptions): Promise<string | null>;
  /** Resolves if the registry answers as one. */
  ping(): Promise<void>;
}
