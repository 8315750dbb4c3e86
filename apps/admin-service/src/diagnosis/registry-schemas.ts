import {
  type AvroDecoder,
  allSubjects,
  type MetricEvent,
  metricEventDecoder,
  type SchemaRegistryClient,
  subjects,
} from '@weir/avro';
import { messageOf, RecordDecodeError } from '@weir/errors';

/** What is known of a schema id. */
export type SchemaAnswer =
  | {
      readonly kind: 'known';
      readonly text: string;
      /** Weir's own subject that has it, `metrics.raw-value` before others; null where none has or it could not be told. */
      readonly subject: string | null;
      /** As metrics-consumer reads a value of this schema. */
      readonly read: (value: Buffer) => MetricEvent | RecordDecodeError;
      /** Whether values of this schema have such a field at their top. */
      readonly writes: (value: Buffer, field: string) => boolean;
    }
  | { readonly kind: 'unknown' }
  /** The registry cannot be asked, or answers as one that lost its data. */
  | { readonly kind: 'away'; readonly why: string };

/** The schemas that records were written with. Its calls never reject: a registry that is away is an answer. */
export interface WriterSchemas {
  find(id: number): Promise<SchemaAnswer>;
  /** The ids that the registry has for Weir's own schemas of metrics, oldest first; empty where it cannot be asked. */
  ownIds(): Promise<readonly number[]>;
}

const MAX_SUBJECTS_KEPT = 1_000;
/** Of "no such id", and of Weir's own ids: whoever has just registered a schema looks again at once. */
const BELIEVED_MS = 2_000;

/**
 * Writer schemas out of the registry.
 *
 * An id is unknown by the rule of metrics-consumer (guarantees, rule 15), which is asked through the same decoder: only while the registry has
 * Weir's own schemas. That answer is believed for two seconds; a schema that was found is kept.
 */
export class RegistrySchemas implements WriterSchemas {
  private readonly decoder: AvroDecoder<MetricEvent>;
  private readonly subjectsById = new Map<number, string | null>();
  private own: { readonly ids: readonly number[]; readonly until: number } = { ids: [], until: 0 };

  constructor(
    private readonly registry: SchemaRegistryClient,
    private readonly now: () => number = Date.now,
  ) {
    this.decoder = metricEventDecoder(registry, { now, negativeTtlMs: BELIEVED_MS });
  }

  async find(id: number): Promise<SchemaAnswer> {
    const frame = framed(id);
    try {
      await this.decoder.prepare([frame]);
      const read = this.decoder.decode(frame);
      if (read instanceof RecordDecodeError && read.reason === 'unknown_schema') return { kind: 'unknown' };
      const text = await this.registry.schemaById(id);
      if (text === null) return { kind: 'unknown' };
      return {
        kind: 'known',
        text,
        subject: await this.subjectOf(id, text),
        read: (value) => this.decoder.decode(value),
        writes: (value, field) => this.decoder.writes(value, field),
      };
    } catch (error) {
      return { kind: 'away', why: messageOf(error) };
    }
  }

  async ownIds(): Promise<readonly number[]> {
    if (this.own.until > this.now()) return this.own.ids;
    const { subject, versions } = subjects.metricsRaw;
    try {
      const ids = await Promise.all(versions.map(({ schema }) => this.registry.idOf(subject, schema)));
      const found = ids.filter((id) => id !== null);
      this.own = { ids: [...new Set(found)], until: this.now() + BELIEVED_MS };
      return this.own.ids;
    } catch {
      return []; // the registry is away; whoever needs to say so asked it for a schema too
    }
  }

  private async subjectOf(id: number, text: string): Promise<string | null> {
    const known = this.subjectsById.get(id);
    if (known !== undefined) return known;
    try {
      const found = await Promise.all(
        MOST_LIKELY_FIRST.map(async ({ subject }) =>
          (await this.registry.idOf(subject, text)) === id ? subject : null,
        ),
      );
      const subject = found.find((name) => name !== null) ?? null;
      if (this.subjectsById.size >= MAX_SUBJECTS_KEPT) this.subjectsById.clear();
      this.subjectsById.set(id, subject);
      return subject;
    } catch {
      return null; // away, or the text is none that the registry compares: the schema itself is known all the same
    }
  }
}

const MOST_LIKELY_FIRST = [subjects.metricsRaw, ...allSubjects.filter((other) => other !== subjects.metricsRaw)];

/** A value of this schema without a body. */
function framed(id: number): Buffer {
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(id, 1);
  return frame;
}
