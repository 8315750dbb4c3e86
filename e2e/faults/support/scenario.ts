import { afterAll, afterEach, expect } from '@jest/globals';
import { eventually } from '@weir/testing';
import { setTimeout as wait } from 'node:timers/promises';

import type { System } from '../../support/system.js';
import { Load, type LoadOptions } from './load.js';
import type { Fates } from './journal.js';
import { deadLetters, drained, findings, identity, PROMISE_KEPT } from './verify.js';

const running: Load[] = [];
const stopAll = async (): Promise<void> => {
  await Promise.allSettled(running.splice(0).map((load) => load.stop()));
};
/** No load outlives its test, also where that failed. */
afterEach(stopAll);
afterAll(stopAll);

/** Load on a system's own ingest-api, as its first tenant. */
export function loadOn(system: System, options: Partial<LoadOptions> = {}): Load {
  const load = Load.start({ url: system.ingest.url, apiKey: system.tenant.apiKey, ...options });
  running.push(load);
  return load;
}

/** Resolves once so many more samples were accepted. */
export async function accepted(load: Load, more: number, timeoutMs = 180_000): Promise<void> {
  const before = load.accepted;
  await eventually(
    () => load.accepted - before,
    (count) => count >= more,
    { timeoutMs },
  );
}

/** Keeps the fault going for its time, which is part of the scenario and nothing that is waited for. */
export const lasting = (ms: number): Promise<void> => wait(ms);

/** Ends the load, waits until the lag is gone by itself, and holds store, ledger and DLQ against what was accepted. */
export async function expectPromiseKept(
  system: System,
  load: Load,
  { deadLetters: expected = 0 } = {},
): Promise<Fates> {
  const fates = await load.stop();
  await drained(system);
  expect(await findings(system, load.workload, fates)).toEqual(PROMISE_KEPT);
  expect(new Set((await deadLetters(system)).map(identity)).size).toBe(expected);
  return fates;
}
