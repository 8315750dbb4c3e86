import type { SchemaRegistryClient } from './registry.js';
import { allSubjects } from './subjects.js';

export interface RegisteredVersion {
  readonly subject: string;
  readonly version: string;
  readonly id: number;
}

/**
 * Sets every subject's compatibility and registers every version, oldest first, so that the registry's newest is Weir's.
 *
 * Changes nothing where all is there already. One try for each: rejects as SchemaRegistryClient.register does.
 */
export async function registerAll(registry: SchemaRegistryClient): Promise<RegisteredVersion[]> {
  const registered: RegisteredVersion[] = [];
  for (const { subject, compatibility, versions } of allSubjects)
    for (const { version, schema } of versions)
      registered.push({ subject, version, id: await registry.register(subject, schema, compatibility) });
  return registered;
}
