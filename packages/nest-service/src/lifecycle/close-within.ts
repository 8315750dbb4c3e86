import { setTimeout as wait } from 'node:timers/promises';

import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { HealthRegistry } from '@weir/telemetry';

import { RequestsInFlight } from '../http/requests-in-flight.js';

export type CloseOutcome =
  | { readonly kind: 'closed' }
  | { readonly kind: 'failed'; readonly error: unknown }
  /** `requests` in flight and what else keeps the process busy, to say what hung. */
  | {
      readonly kind: 'hung';
      readonly requests: readonly string[];
      readonly resources: Readonly<Record<string, number>>;
    };

/**
 * Closes an app gracefully: not ready any more, nothing new is accepted, requests in flight are answered, then Nest's
 * hooks close what the app opened. Waits first for a start that is under way, since Nest would close what is being opened.
 * Never rejects; gives up after `timeoutMs`.
 */
export async function closeWithin(
  app: NestFastifyApplication,
  timeoutMs: number,
  starting: Promise<unknown> = Promise.resolve(),
): Promise<CloseOutcome> {
  app.get(HealthRegistry).shuttingDown();
  const requests = app.get(RequestsInFlight);
  const closing = closed(app, starting);
  const limit = wait(timeoutMs).then((): CloseOutcome => ({
    kind: 'hung',
    requests: requests.describe(),
    resources: activeResources(),
  }));
  return Promise.race([closing, limit]);
}

async function closed(app: NestFastifyApplication, starting: Promise<unknown>): Promise<CloseOutcome> {
  await Promise.allSettled([starting]);
  try {
    await app.close();
    return { kind: 'closed' };
  } catch (error) {
    return { kind: 'failed', error };
  }
}

function activeResources(): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const resource of process.getActiveResourcesInfo()) counts[resource] = (counts[resource] ?? 0) + 1;
  return counts;
}
