import type { KnownTenant } from '@weir/tenancy';

import { RequestRefused } from './problems.js';
import { type RoomAnswer, SharedRoom } from './shared-room.js';

/** How much may be in flight at once. */
export interface AdmissionLimits {
  readonly maxRequests: number;
  /** Of bodies, and of the records that they become. */
  readonly maxBytes: number;
  /** What a tenant without one of its own may hold of each while nobody else holds anything; over 0 and up to 1. */
  readonly tenantShare: number;
}

/**
 * Bounds what requests hold together, so that a burst is answered 503 and never ends the process, and shares it among
 * tenants, so that the flood of one is no outage of the others.
 */
export class Admission {
  private readonly requests: SharedRoom;
  private readonly bytes: SharedRoom;

  constructor(private readonly limits: AdmissionLimits) {
    this.requests = new SharedRoom(limits.maxRequests);
    this.bytes = new SharedRoom(limits.maxBytes);
  }

  get inFlight(): { readonly requests: number; readonly bytes: number } {
    return { requests: this.requests.taken, bytes: this.bytes.taken };
  }

  /** A place for one request. Throws RequestRefused `overloaded` or `tenant_overloaded`. */
  enter(tenant: Pick<KnownTenant, 'id' | 'record'>): AdmittedRequest {
    const { id } = tenant;
    const share = this.shareOf(tenant);
    let bytes = 0;
    refuseUnlessHeld(this.requests.resize(id, share, 0, 1), id);
    return {
      holdBytes: (count) => {
        refuseUnlessHeld(this.bytes.resize(id, share, bytes, count), id);
        bytes = count;
      },
      leave: () => {
        this.requests.resize(id, share, 1, 0);
        this.bytes.resize(id, share, bytes, 0);
      },
    };
  }

  private shareOf({ record }: Pick<KnownTenant, 'record'>): number {
    const own = record.limits.in_flight_share;
    return own !== null && own > 0 && own <= 1 ? own : this.limits.tenantShare;
  }
}

/** What one request holds. `holdBytes` throws RequestRefused `overloaded` or `tenant_overloaded` and changes nothing then. */
export interface AdmittedRequest {
  /** From now on it holds so many bytes, more or fewer than before. */
  holdBytes(count: number): void;
  /** Gives all of it back. To be called exactly once. */
  leave(): void;
}

function refuseUnlessHeld(answer: RoomAnswer, tenantId: string): void {
  if (answer === 'full') throw new RequestRefused('overloaded');
  if (answer === 'over_share') throw new RequestRefused('tenant_overloaded', undefined, { tenantId });
}
