import { type AvroEncoder, type SchemaRegistryClient, type Tenant, tenantEncoder } from '@weir/avro';
import { ValidationError } from '@weir/errors';

import { tenantRecordProblem } from './tenant-record.js';

export interface TenantMessagesOptions {
  /** `tenants`, as this installation calls it. */
  readonly topic: string;
  /** Whether the schema is registered where the registry lacks it. */
  readonly autoRegister: boolean;
}

/** A record of the topic `tenants`. */
export interface TenantMessage {
  readonly topic: string;
  readonly key: string;
  readonly value: Buffer;
}

/** Makes the records by which tenants, and the sentinel, are told to every service. */
export class TenantMessages {
  private readonly encoder: AvroEncoder<Tenant>;

  constructor(
    registry: SchemaRegistryClient,
    private readonly options: TenantMessagesOptions,
  ) {
    this.encoder = tenantEncoder(registry, { autoRegister: options.autoRegister });
  }

  /** Whether `encode` may be called. */
  get isReady(): boolean {
    return this.encoder.isReady;
  }

  /** Waits for a registry that is away, until `signal` fires; once it has resolved the registry is needed no more. */
  ready(signal?: AbortSignal): Promise<void> {
    return this.encoder.ready(signal);
  }

  /** Throws ValidationError `tenant_invalid` for a tenant that readers would pass over, and what AvroEncoder.encode throws. */
  encode(tenants: readonly Tenant[]): TenantMessage[] {
    for (const tenant of tenants) {
      const problem = tenantRecordProblem(tenant, tenant.tenant_id);
      if (problem !== null) throw new ValidationError('tenant_invalid', problem);
    }
    const values = this.encoder.encode(tenants);
    return tenants.flatMap(({ tenant_id }, at) => {
      const value = values[at];
      return value === undefined ? [] : [{ topic: this.options.topic, key: tenant_id, value }];
    });
  }
}
