/** How much may be in flight at once. */
export interface AdmissionLimits {
  readonly maxRequests: number;
  /** Of bodies as they come over the wire. */
  readonly maxBytes: number;
}

/**
 * Bounds what requests hold in memory together, so that a burst is answered 503 and never ends the process.
 *
 * Bytes are reserved before they are read where the caller says how many will come, and as they come where not.
 */
export class Admission {
  private requests = 0;
  private bytes = 0;

  constructor(private readonly limits: AdmissionLimits) {}

  get inFlight(): { readonly requests: number; readonly bytes: number } {
    return { requests: this.requests, bytes: this.bytes };
  }

  /** A place for one request, to be given back with `leave`; null where all are taken. */
  enter(): AdmittedRequest | null {
    if (this.requests >= this.limits.maxRequests) return null;
    this.requests += 1;
    let held = 0;
    return {
      reserve: (bytes) => {
        if (this.bytes + bytes > this.limits.maxBytes) return false;
        this.bytes += bytes;
        held += bytes;
        return true;
      },
      leave: () => {
        this.requests -= 1;
        this.bytes -= held;
        held = 0;
      },
    };
  }
}

export interface AdmittedRequest {
  /** Whether so many more bytes may be held; they are given back with the place. */
  reserve(bytes: number): boolean;
  /** To be called exactly once. */
  leave(): void;
}
