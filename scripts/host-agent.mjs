/**
 * Reports this machine's load, memory, CPU and disks to Weir every few seconds, as any tenant's agent would.
 *
 * A client that behaves: it posts in batches, waits as long as a 429 or 503 asks it to, backs off from a server that
 * does not answer, and keeps a backlog of bounded size meanwhile. A batch is sent again until it was answered, which
 * is safe: the same sample twice is stored once.
 */
import { setTimeout as wait } from 'node:timers/promises';

import { readHost } from './host-figures.mjs';

const INTERVAL_MS = 3_000;
const BATCH_SAMPLES = 500;
/** About a quarter of an hour; past that the oldest samples go. */
const BACKLOG_SAMPLES = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;
const MAX_BACKOFF_MS = 30_000;

/** @typedef {import('./host-figures.mjs').Sample} Sample */

const url = `${process.env['WEIR_INGEST_URL'] ?? 'http://127.0.0.1:8000'}/api/v1/metrics`;
const apiKey = process.env['WEIR_API_KEY'] ?? '';
/** @type {Sample[]} */
let backlog = [];
const stopping = new AbortController();
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) process.on(signal, () => stopping.abort());

await Promise.all([collect(), deliver()]);

async function collect() {
  while (!stopping.signal.aborted) {
    backlog.push(...(await readHost()));
    const excess = backlog.length - BACKLOG_SAMPLES;
    if (excess > 0) {
      backlog = backlog.slice(excess);
      log(`the backlog is full: ${excess} oldest samples were given up`);
    }
    await pause(INTERVAL_MS);
  }
}

async function deliver() {
  for (let failures = 0; !stopping.signal.aborted;) {
    if (backlog.length === 0) {
      await pause(100);
      continue;
    }
    const batch = backlog.slice(0, BATCH_SAMPLES);
    const waitMs = await post(batch, failures);
    failures = waitMs === null ? 0 : failures + 1;
    if (waitMs === null) backlog = backlog.filter((sample) => !batch.includes(sample));
    else await pause(waitMs);
  }
}

/**
 * @param {readonly Sample[]} batch
 * @param {number} failures in a row before this
 * @returns {Promise<number | null>} null: answered for good; else how long to wait before it is sent again
 */
async function post(batch, failures) {
  // Full jitter, so that a thousand agents do not come back at once.
  const backoffMs = Math.random() * Math.min(MAX_BACKOFF_MS, 500 * 2 ** failures);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-API-Key': apiKey },
      body: JSON.stringify({ metrics: batch }),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    const answer = await response.text();
    if (response.status === 202) return null;
    log(`${batch.length} samples were answered ${response.status}: ${answer.slice(0, 500)}`);
    const refusedForGood = response.status < 500 && response.status !== 429 && response.status !== 408;
    return refusedForGood ? null : Math.max(backoffMs, retryAfterMs(response));
  } catch (error) {
    log(`${url} did not answer: ${messageOf(error)}`);
    return backoffMs;
  }
}

/** fetch itself only says that it failed. @param {unknown} error */
function messageOf(error) {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

/** RFC 9110, 10.2.3: seconds, or a date. @param {Response} response */
function retryAfterMs(response) {
  const text = response.headers.get('retry-after');
  if (text === null) return 0;
  const seconds = Number(text);
  const ms = Number.isNaN(seconds) ? Date.parse(text) - Date.now() : seconds * 1000;
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(ms, 0), MAX_BACKOFF_MS);
}

/** @param {number} ms */
async function pause(ms) {
  await wait(ms, undefined, { signal: stopping.signal }).catch(() => undefined); // aborted: the caller looks
}

/** @param {string} text */
function log(text) {
  console.log(`${new Date().toISOString()} ${text}`);
}
