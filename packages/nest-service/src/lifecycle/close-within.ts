import { setTimeout as wait } from 'node:timers/promises';

import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { HealthRegistry, Traces } from '@weir/telemetry';

import { OpenConnections } from '../http/open-connections.js';
import { RequestsInFlight } from '../http/requests-in-flight.js';
import { LastCall } from './last-call.js';

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
 * Closes an app gracefully. In order:
 *
 * 1. Not ready any more. For a moment connections are still served, each request as its connection's last, so that clients that keep theirs
 *    hear of it by an answer; what they are told is the app's to say.
 * 2. No new connections; requests in flight are answered. A connection on which nothing was asked by now is ended.
 * 3. Half-way through `timeoutMs` the last call: requests still in flight are answered with what is known. Connections that then still wait for
 *    their callers are ended: no client, however slow, keeps the process from its end.
 * 4. Nest's hooks close what the app opened, in the other half.
 * 5. What is left of the time, and a few seconds at most, is for spans that were not sent yet. A collector that is away makes no end fail.
 *
 * Waits first for a start that is under way, since Nest would close what is being opened. Never rejects; gives up after `timeoutMs`.
 */
export async function closeWithin(
  app: NestFastifyApplication,
  timeoutMs: number,
  starting: Promise<unknown> = Promise.resolve(),
): Promise<CloseOutcome> {
  app.get(HealthRegistry).shuttingDown();
  const requests = app.get(RequestsInFlight);
  const over = new AbortController(); // no timer outlives the end
  const { signal } = over;
  const closing = closed(app, timeoutMs, starting, signal);
  const limit = wait(timeoutMs, undefined, { signal }).then((): CloseOutcome => ({
    kind: 'hung',
    requests: requests.describe(),
    resources: activeResources(),
  }));
  limit.catch(() => 'it closed in time');
  try {
    return await Promise.race([closing, limit]);
  } finally {
    over.abort();
  }
}

/** How long connections are still served, unless the whole time is short. */
const FAREWELL_MS = 1_000;
const FAREWELL_PART = 0.1;
const LAST_CALL_PART = 0.5;
/** For the answers that the last call brings to reach their callers. */
const ANSWERING_PART = 0.05;
const ENDING_INTERVAL_MS = 100;
const LAST_SPANS_MS = 3_000;

async function closed(
  app: NestFastifyApplication,
  timeoutMs: number,
  starting: Promise<unknown>,
  over: AbortSignal,
): Promise<CloseOutcome> {
  const until = performance.now() + timeoutMs;
  const connections = app.get(OpenConnections);
  const traces = app.get<Traces | null>(Traces);
  void endSlowClients(app.get(LastCall), connections, timeoutMs, over).catch(() => 'there is nobody to end any more');
  await Promise.allSettled([starting]);
  await connections.none(Math.min(FAREWELL_MS, timeoutMs * FAREWELL_PART));
  try {
    const closing = app.close();
    connections.endQuiet();
    await closing;
    await traces?.close(Math.min(LAST_SPANS_MS, (until - performance.now()) / 2));
    return { kind: 'closed' };
  } catch (error) {
    return { kind: 'failed', error };
  }
}

/** Rejects once it is over. */
async function endSlowClients(
  lastCall: LastCall,
  connections: OpenConnections,
  timeoutMs: number,
  over: AbortSignal,
): Promise<void> {
  await wait(timeoutMs * LAST_CALL_PART, undefined, { signal: over });
  lastCall.give();
  await wait(timeoutMs * ANSWERING_PART, undefined, { signal: over });
  for (;;) {
    connections.endSlow();
    await wait(ENDING_INTERVAL_MS, undefined, { signal: over });
  }
}

function activeResources(): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const resource of process.getActiveResourcesInfo()) counts[resource] = (counts[resource] ?? 0) + 1;
  return counts;
}
