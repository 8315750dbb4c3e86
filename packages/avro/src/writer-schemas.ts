import { SchemaRegistryUnavailableError, messageOf } from '@weir/errors';
import avsc, { type Resolver, type Type } from 'avsc';

import type { SchemaRegistryClient } from './registry.js';
import { parseSchema } from './strict-types.js';
import type { SubjectSchemas } from './subjects.js';

/** What is known of a schema id: how to read it, why that is impossible, or that the registry has no such id. */
export type WriterSchema =
  | { readonly kind: 'readable'; readonly resolver: Resolver; readonly fields: ReadonlySet<string> }
  | { readonly kind: 'unreadable'; readonly why: string }
  | { readonly kind: 'unknown'; readonly until: number };

export interface WriterSchemasOptions {
  /** A subject of Weir's own: while the registry lacks its schemas too, it has lost them and knows nothing. */
  readonly anchor: SubjectSchemas;
  /** How long a registry's "no such id" is believed, in milliseconds. */
  readonly negativeTtlMs: number;
  /** Ids that the registry does not know, kept at most beside those of the batch that is being read. */
  readonly maxUnknown: number;
  readonly now: () => number;
}

/** avsc puts whole schemas into its messages. */
const LONGEST_REASON = 300;
/** Requests at once; a batch of hostile records may name as many ids as it has records. */
const CONCURRENCY = 8;

/** The schemas that records were written with, by id. What is known stays known; what is unknown is asked again. */
export class WriterSchemas {
  private readonly known = new Map<number, WriterSchema>();
  private readonly unknown = new Map<number, WriterSchema>();

  constructor(
    private readonly registry: SchemaRegistryClient,
    private readonly reader: Type,
    private readonly options: WriterSchemasOptions,
  ) {}

  get(id: number): WriterSchema | undefined {
    return this.known.get(id) ?? this.unknown.get(id);
  }

  /** Resolves once `get` answers for each id. Rejects with SchemaRegistryUnavailableError. */
  async load(ids: Iterable<number>): Promise<void> {
    const wanted = new Set(ids);
    const missing = [...wanted].filter((id) => this.isMissing(id));
    const absent: number[] = [];
    const queue = missing.values();
    const fetchNext = async () => {
      for (const id of queue) if (!(await this.fetch(id))) absent.push(id);
    };
    await Promise.all(Array.from({ length: Math.min(CONCURRENCY, missing.length) }, fetchNext));
    if (absent.length === 0) return;
    await this.confirmRegistryIsWhole();
    const until = this.options.now() + this.options.negativeTtlMs;
    for (const id of absent) this.unknown.set(id, { kind: 'unknown', until });
    this.forgetOldest(wanted);
  }

  private isMissing(id: number): boolean {
    if (this.known.has(id)) return false;
    const unknown = this.unknown.get(id);
    return unknown?.kind !== 'unknown' || unknown.until <= this.options.now();
  }

  /** False where the registry has no such id. */
  private async fetch(id: number): Promise<boolean> {
    const text = await this.registry.schemaById(id);
    if (text === null) return false;
    this.unknown.delete(id);
    this.known.set(id, this.resolve(text));
    return true;
  }

  private resolve(text: string): WriterSchema {
    try {
      const writer = parseSchema(text);
      return { kind: 'readable', resolver: this.reader.createResolver(writer), fields: fieldsOf(writer) };
    } catch (error) {
      return { kind: 'unreadable', why: messageOf(error).slice(0, LONGEST_REASON) };
    }
  }

  /**
   * A wiped registry answers 404 to every id, and then none of them is a record's fault. So a 404 counts only while the
   * registry still has an id that it gave before, and has one of Weir's own schemas.
   */
  private async confirmRegistryIsWhole(): Promise<void> {
    const [seen] = this.known.keys();
    if (seen !== undefined && (await this.registry.schemaById(seen, { fresh: true })) === null)
      throw new SchemaRegistryUnavailableError(
        'The registry no longer knows schemas that it had: has it lost its data?',
        {
          context: { schemaId: seen },
        },
      );
    const { subject, versions } = this.options.anchor;
    for (const { schema } of versions.toReversed()) if ((await this.registry.idOf(subject, schema)) !== null) return;
    throw new SchemaRegistryUnavailableError(`The registry has none of Weir's schemas for ${subject} yet.`, {
      context: { subject },
    });
  }

  /** Never those that are wanted now: whoever asked for them is about to read them. */
  private forgetOldest(wanted: ReadonlySet<number>): void {
    let surplus = this.unknown.size - this.options.maxUnknown;
    for (const id of this.unknown.keys()) {
      if (surplus <= 0) return;
      if (!wanted.has(id) && this.unknown.delete(id)) surplus -= 1;
    }
  }
}

/** The names of a record's fields; none for any other type. */
function fieldsOf(type: Type): ReadonlySet<string> {
  return new Set(type instanceof avsc.types.RecordType ? type.fields.map(({ name }) => name) : []);
}
