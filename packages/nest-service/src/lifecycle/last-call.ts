import { setMaxListeners } from 'node:events';

import { Injectable } from '@nestjs/common';

/**
 * Tells when requests in flight are waited for no longer because the process ends. Inject it where a request can take long: whoever answers at
 * once with what is known still reaches the caller, and a process that ends late cuts everybody off.
 */
@Injectable()
export class LastCall {
  private readonly controller = new AbortController();

  /** Aborted half-way through the time that the process has for its end. */
  readonly signal: AbortSignal = this.controller.signal;

  constructor() {
    setMaxListeners(0, this.signal); // as many as there are requests
  }

  /** @internal */
  give(): void {
    this.controller.abort();
  }
}
