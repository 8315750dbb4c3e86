import { AvroEncoder } from './encoder.js';
import type { SchemaRegistryClient } from './registry.js';
import { newestSchema, subjects } from './subjects.js';
import type { Tenant } from './tenant.js';

export interface TenantEncoderOptions {
  /** `tenants-value` unless given. */
  readonly subject?: string;
  readonly autoRegister: boolean;
}

/** Writes tenants with the newest schema. */
export function tenantEncoder(
  registry: SchemaRegistryClient,
  { subject = subjects.tenants.subject, autoRegister }: TenantEncoderOptions,
): AvroEncoder<Tenant> {
  const { compatibility } = subjects.tenants;
  return new AvroEncoder(registry, { subject, schema: newestSchema(subjects.tenants), compatibility, autoRegister });
}
