/** How a subject holds a new schema against the earlier ones. */
export type Compatibility =
  'NONE' | 'BACKWARD' | 'BACKWARD_TRANSITIVE' | 'FORWARD' | 'FORWARD_TRANSITIVE' | 'FULL' | 'FULL_TRANSITIVE';

export interface SchemaLookupOptions {
  /** Ask the registry even where the answer is known already. */
  readonly fresh?: boolean;
}

/** One version of a subject. */
export interface RegisteredSchema {
  readonly version: number;
  readonly id: number;
  readonly schema: string;
}

/** What a registry says of a schema that might become a subject's next version. */
export interface CompatibilityVerdict {
  readonly compatible: boolean;
  /** The registry's own words; empty where it gives none. */
  readonly messages: readonly string[];
}

/** What a request to a registry asks for. */
export type RegistryOperation = 'register' | 'lookup' | 'schema' | 'subjects' | 'version' | 'check' | 'compatibility';

/** Told of each request once it has an answer, or is given up. A 404 is an answer. Must not throw. */
export type RegistryObserver = (operation: RegistryOperation, outcome: 'success' | 'error', seconds: number) => void;

/** A registry whose requests somebody counts. */
export interface ObservableRegistry {
  /** From now on; who observed before does so no more. */
  observe(observer: RegistryObserver): void;
}

/** What people look at in a registry. Every call fails as those of SchemaRegistryClient do, and nothing is kept. */
export interface SchemaCatalogue {
  /** Names of subjects, sorted. */
  subjects(): Promise<readonly string[]>;
  /** The newest version; null where there is no such subject. */
  latest(subject: string): Promise<RegisteredSchema | null>;
  /** Null where there is none. */
  version(subject: string, version: number): Promise<RegisteredSchema | null>;
  /** The subject's own level; null where it has none. */
  compatibilityOf(subject: string): Promise<string | null>;
  /**
   * Holds a schema against the subject's newest version by its level; null where there is no such subject. Rejects with
   * SchemaIncompatibleError where the registry takes the text for no schema.
   */
  check(subject: string, schemaJson: string): Promise<CompatibilityVerdict | null>;
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
