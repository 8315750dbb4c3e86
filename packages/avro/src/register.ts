import { retry } from '@weir/errors';

import type { SchemaRegistryClient } from './registry.js';
import { allSubjects } from './subjects.js';
import { waiting, type WaitOptions } from './waiting.js';

export interface RegisteredVersion {
  readonly subject: string;
  readonly version: string;
  readonly id: number;
}

/**
 * Sets every subject's compatibility and registers every version, oldest first, so that the registry's newest is Weir's.
 *
 * Changes nothing where all is there already. Waits for a registry that is away until `signal` fires, and then rejects with
 * SchemaRegistryUnavailableError; rejects at once with SchemaIncompatibleError.
 */
export async function registerAll(
  registry: SchemaRegistryClient,
  options: WaitOptions = {},
): Promise<RegisteredVersion[]> {
  const registered: RegisteredVersion[] = [];
  for (const { subject, compatibility, versions } of allSubjects)
    for (const { version, schema } of versions) {
      const id = await retry(() => registry.register(subject, schema, compatibility), waiting(options));
      registered.push({ subject, version, id });
    }
  return registered;
}
