import { AvroEncoder } from './encoder.js';
import type { SchemaRegistryClient } from './registry.js';
import { newestSchema, subjects } from './subjects.js';

/** What an operator did or tried, as `audit.log` carries it. No member ever holds a key or a secret. */
export interface AuditEntry {
  readonly entry_id: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** The operator's id, `anonymous`, or `weir` for what the service did by itself. */
  readonly actor: string;
  readonly actor_name: string;
  readonly role: string;
  /** `tenants.create`, … */
  readonly action: string;
  /** `tenant:acme`, … */
  readonly target: string | null;
  /** JSON. */
  readonly before: string | null;
  /** JSON. */
  readonly after: string | null;
  readonly address: string | null;
  readonly user_agent: string | null;
  /** `ok`, or the code of the problem that was answered. */
  readonly result: string;
  readonly status: number;
  readonly correlation_id: string | null;
  /** How many calls it stands for. */
  readonly count: number;
}

/** Writes audit entries with the newest schema. */
export function auditEncoder(
  registry: SchemaRegistryClient,
  { autoRegister }: { readonly autoRegister: boolean },
): AvroEncoder<AuditEntry> {
  const { subject, compatibility } = subjects.audit;
  return new AvroEncoder(registry, { subject, schema: newestSchema(subjects.audit), compatibility, autoRegister });
}
