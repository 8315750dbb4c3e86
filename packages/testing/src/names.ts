import { randomBytes } from 'node:crypto';

/** A name that no other test of this or any other run uses; valid as a topic, a group, a database and a tenant. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${Date.now().toString(36)}-${randomBytes(4).toString('hex')}`;
}
