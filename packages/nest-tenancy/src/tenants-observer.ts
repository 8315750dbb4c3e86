import { Inject, Injectable } from '@nestjs/common';
import type { WeirError } from '@weir/errors';
import type { ConsumedRecord } from '@weir/kafka';
import { LOGGER } from '@weir/nest-service';
import { type Logger, Metrics } from '@weir/telemetry';
import type { PassedOverReason, TenantsFeedObserver } from '@weir/tenancy';

/** Logs and counts what the feed of tenants could not use. */
@Injectable()
export class TenantsObserver implements TenantsFeedObserver {
  private readonly records;

  constructor(
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(Metrics) metrics: Metrics,
  ) {
    this.records = metrics.counter('weir_tenants_view_records_passed_over_total');
  }

  passedOver({ topic, partition, offset }: ConsumedRecord, reason: PassedOverReason, error: WeirError): void {
    this.records.inc({ reason });
    this.logger.warn({ topic, partition, offset, reason, error }, 'Passed over a record of the tenants topic');
  }

  waiting(error: WeirError): void {
    this.logger.warn({ error }, 'The tenants topic waits for the schema registry');
  }

  failed(error: WeirError): void {
    this.logger.warn({ error }, 'The tenants topic cannot be read; what is known of tenants grows older');
  }

  recreated(topicId: string): void {
    this.logger.warn({ topicId }, 'The tenants topic was made anew; nobody is served until it was read');
  }
}
