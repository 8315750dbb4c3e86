import { type AvroEncoder, type SchemaRegistryClient, type Tenant, tenantEncoder } from '@weir/avro';
import { ValidationError } from '@weir/errors';
import type { RecordProducer } from '@weir/kafka';

import { sentinelRecord } from './sentinel.js';
import { tenantRecordProblem } from './tenant-record.js';

export interface TenantsPublisherOptions {
  /** `tenants`, as this installation calls it. */
  readonly topic: string;
  /** Whether the schema is registered where the registry lacks it. */
  readonly autoRegister: boolean;
}

/** Writes tenants, and the sentinel that readers wait for, to the topic `tenants`. The caller sees to the versions. */
export class TenantsPublisher {
  private readonly encoder: AvroEncoder<Tenant>;

  constructor(
    private readonly producer: Pick<RecordProducer, 'send'>,
    registry: SchemaRegistryClient,
    private readonly options: TenantsPublisherOptions,
  ) {
    this.encoder = tenantEncoder(registry, { autoRegister: options.autoRegister });
  }

  /**
   * Resolves once the broker has acknowledged all of them; each replaces what the topic holds of its tenant.
   *
   * Waits for a registry that is away, until `signal` fires. Throws ValidationError for a tenant that readers would pass
   * over, and what RecordProducer.send throws; sending again is safe.
   */
  async publish(tenants: readonly Tenant[], signal?: AbortSignal): Promise<void> {
    for (const tenant of tenants) {
      const problem = tenantRecordProblem(tenant, tenant.tenant_id);
      if (problem !== null) throw new ValidationError('tenant_invalid', problem);
    }
    await this.encoder.ready(signal);
    const values = this.encoder.encode(tenants);
    await this.producer.send(
      tenants.map(({ tenant_id }, at) => ({ topic: this.options.topic, key: tenant_id, value: values[at] ?? null })),
    );
  }

  /** Writes the sentinel, after the tenants that a fresh reader must know: it serves nobody before it saw this record. */
  async publishSentinel(signal?: AbortSignal): Promise<void> {
    await this.publish([sentinelRecord(Date.now())], signal);
  }
}
