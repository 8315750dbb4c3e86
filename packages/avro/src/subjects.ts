import type { Compatibility } from './registry.js';
import { schemaTexts } from './schemas.generated.js';

/** A subject with every schema that was ever released under it, oldest first. */
export interface SubjectSchemas {
  readonly subject: string;
  readonly compatibility: Compatibility;
  readonly versions: readonly SubjectVersion[];
}

export interface SubjectVersion {
  /** `v1`, `v2`, … as its file in schemas/ is called. */
  readonly version: string;
  readonly schema: string;
}

/** Every subject in schemas/. A test fails for one that is missing here. */
export const subjects = {
  audit: subject('audit.log-value', 'BACKWARD'),
  replayCommands: subject('dlq.replay.commands-value', 'BACKWARD'),
  replayEvents: subject('dlq.replay.events-value', 'BACKWARD'),
  metricsRaw: subject('metrics.raw-value', 'BACKWARD'),
  tenants: subject('tenants-value', 'BACKWARD'),
} as const;

export const allSubjects: readonly SubjectSchemas[] = Object.values(subjects);

function subject(name: keyof typeof schemaTexts, compatibility: Compatibility): SubjectSchemas {
  const versions = Object.entries(schemaTexts[name]).map(([version, schema]) => ({ version, schema }));
  return { subject: name, compatibility, versions };
}

/** The schema that readers resolve every other to. */
export function newestSchema({ subject: name, versions }: SubjectSchemas): string {
  const newest = versions.at(-1);
  if (newest === undefined) throw new Error(`The subject ${name} has no schema.`);
  return newest.schema;
}
