import { allSubjects, type CompatibilityVerdict, type RegisteredSchema, type SchemaCatalogue } from '@weir/avro';
import { SchemaIncompatibleError, ValidationError } from '@weir/errors';

import type { Page } from '../http/page.js';
import type { PageRequest } from '../http/parameters.js';
import { AdminRefusal } from '../http/problems.js';
import { pageOfNames } from './page-of-names.js';
import { type SchemaDifference, schemaDifferences } from './schema-diff.js';

/** A version of a subject, without its text. */
type VersionView = Pick<RegisteredSchema, 'version' | 'id'>;

export interface SubjectView {
  readonly subject: string;
  /** Whether it is one of Weir's. */
  readonly own: boolean;
}

export interface SubjectDetail extends SubjectView {
  /** Its own level; null where the registry's default holds. */
  readonly compatibility: string | null;
  /** Newest first; the newest hundred. */
  readonly versions: readonly VersionView[];
}

export interface VersionDetail extends VersionView {
  readonly subject: string;
  /** As it was registered. */
  readonly schema: string;
}

export interface VersionsDiff {
  readonly subject: string;
  readonly from: number;
  readonly to: number;
  readonly differences: readonly SchemaDifference[];
}

const MAX_VERSIONS = 100;

/** What the schema registry holds. Rejects with SchemaRegistryUnavailableError while it is away. */
export class Schemas {
  constructor(private readonly catalogue: SchemaCatalogue) {}

  /** By name. */
  async list(page: PageRequest): Promise<Page<SubjectView>> {
    const names = pageOfNames(await this.catalogue.subjects(), 'subjects', page);
    return { ...names, items: names.items.map((subject) => ({ subject, own: isOwn(subject) })) };
  }

  /** Throws AdminRefusal `subject_not_found`. */
  async get(subject: string): Promise<SubjectDetail> {
    const latest = await this.latest(subject);
    const numbers = Array.from(
      { length: Math.min(latest.version, MAX_VERSIONS) - 1 },
      (_, i) => latest.version - 1 - i,
    );
    const [compatibility, ...earlier] = await Promise.all([
      this.catalogue.compatibilityOf(subject),
      ...numbers.map((version) => this.catalogue.version(subject, version)),
    ]);
    // A version that was deleted leaves its number.
    const versions = [latest, ...earlier.filter((each) => each !== null)];
    return {
      subject,
      own: isOwn(subject),
      compatibility,
      versions: versions.map(({ version, id }) => ({ version, id })),
    };
  }

  /** Throws AdminRefusal `schema_version_not_found`. */
  async version(subject: string, version: number): Promise<VersionDetail> {
    const found = await this.catalogue.version(subject, version);
    if (found === null) throw new AdminRefusal('schema_version_not_found');
    return { subject, version: found.version, id: found.id, schema: found.schema };
  }

  /** Throws AdminRefusal `subject_not_found`, `schema_version_not_found`. `to` null is the newest, `from` null the one before it. */
  async diff(subject: string, from: number | null, to: number | null): Promise<VersionsDiff> {
    const after = to === null ? await this.latest(subject) : await this.version(subject, to);
    const before = await this.version(subject, from ?? after.version - 1);
    const differences = schemaDifferences(before.schema, after.schema);
    return { subject, from: before.version, to: after.version, differences };
  }

  /** Throws AdminRefusal `subject_not_found`, or ValidationError where the registry takes the text for no schema. */
  async check(subject: string, schema: string): Promise<CompatibilityVerdict> {
    try {
      const verdict = await this.catalogue.check(subject, schema);
      if (verdict === null) throw new AdminRefusal('subject_not_found');
      return verdict;
    } catch (error) {
      if (error instanceof SchemaIncompatibleError)
        throw new ValidationError('field_invalid', '`schema` must be an Avro schema, as JSON or as a text of JSON.');
      throw error;
    }
  }

  private async latest(subject: string): Promise<RegisteredSchema> {
    const latest = await this.catalogue.latest(subject);
    if (latest === null) throw new AdminRefusal('subject_not_found');
    return latest;
  }
}

const OWN = new Set(allSubjects.map(({ subject }) => subject));
const isOwn = (subject: string): boolean => OWN.has(subject);
