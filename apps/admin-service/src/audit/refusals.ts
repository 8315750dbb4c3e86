import { Inject, Injectable } from '@nestjs/common';
import { LOGGER } from '@weir/nest-service';
import type { Logger } from '@weir/telemetry';

import type { Deed } from './audit-trail.js';
import { AuditTrail, UNCHANGED, WEIR } from './audit-trail.js';

/** Entries in each interval for one address, and for all together. */
const PER_ADDRESS = 10;
const IN_ALL = 100;
const INTERVAL_MS = 60_000;

type Refusal = Pick<Deed, 'actor' | 'origin' | 'action' | 'result' | 'status'>;

/**
 * Audits calls that were turned away, without becoming a way to fill the database: past a bound they are counted, and written as
 * one entry a minute. The caller does not wait for it.
 */
@Injectable()
export class Refusals {
  private readonly byAddress = new Map<string, number>();
  private written = 0;
  private uncounted = 0;
  private timer: NodeJS.Timeout | null = null;
  private readonly writing = new Set<Promise<void>>();

  constructor(
    private readonly trail: AuditTrail,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  start(): void {
    this.timer = setInterval(() => this.nextInterval(), INTERVAL_MS);
  }

  async stop(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    this.nextInterval();
    await Promise.all(this.writing);
  }

  note(refusal: Refusal): void {
    const address = refusal.origin.address ?? '';
    const ofAddress = (this.byAddress.get(address) ?? 0) + 1;
    if (ofAddress > PER_ADDRESS || this.written >= IN_ALL) {
      this.uncounted += 1;
      return;
    }
    this.byAddress.set(address, ofAddress); // at most as many as are written
    this.written += 1;
    this.write({ ...refusal, ...UNCHANGED });
  }

  private nextInterval(): void {
    const count = this.uncounted;
    this.byAddress.clear();
    this.written = 0;
    this.uncounted = 0;
    if (count > 0)
      this.write({ ...WEIR, ...UNCHANGED, action: 'calls.refused', result: 'unauthenticated', status: 401, count });
  }

  private write(deed: Deed): void {
    const writing = this.trail
      .note(deed)
      .catch((error: unknown) => {
        const { origin, action, result, count } = deed;
        this.logger.warn({ error, origin, action, result, count }, 'A refused call could not be audited');
      })
      .finally(() => this.writing.delete(writing));
    this.writing.add(writing);
  }
}
