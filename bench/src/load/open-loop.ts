import { Agent, request } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';

import { type Percentiles, percentilesOf } from '../measure/ratios.js';

export interface PacedLoad {
  readonly url: string;
  readonly apiKey: string;
  readonly requestsPerSecond: number;
  readonly seconds: number;
  /** The body of the request that is due as number `n`. */
  readonly bodyOf: (n: number) => string;
}

const TICK_MS = 1;

/**
 * Sends each request when it is due, whether those before it were answered or not (an open loop: no coordinated omission), and measures from
 * when it was due. Rejects where one of them was answered with anything but success.
 */
export async function paced({ url, apiKey, requestsPerSecond, seconds, bodyOf }: PacedLoad): Promise<Percentiles> {
  const agent = new Agent({ keepAlive: true, noDelay: true });
  const latencies: Promise<number>[] = [];
  const total = Math.round(requestsPerSecond * seconds);
  const began = performance.now();
  try {
    while (latencies.length < total) {
      for (let due = latencies.length; due < total; due += 1) {
        const dueAt = began + (due * 1_000) / requestsPerSecond;
        if (dueAt > performance.now()) break;
        latencies.push(post(url, apiKey, bodyOf(due), agent).then(() => performance.now() - dueAt));
        latencies.at(-1)?.catch(() => undefined); // told below
      }
      await wait(TICK_MS);
    }
    return percentilesOf(await Promise.all(latencies));
  } finally {
    agent.destroy();
  }
}

/** Resolves once it was answered with success. */
export function post(url: string, apiKey: string, body: string, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'x-api-key': apiKey,
      'content-length': Buffer.byteLength(body),
    };
    const sent = request(url, { method: 'POST', headers, agent }, (answer) => {
      answer.resume().once('error', reject);
      answer.once('end', () => {
        const { statusCode = 0 } = answer;
        if (statusCode >= 200 && statusCode < 300) resolve();
        else reject(new Error(`${url} answered with ${statusCode}`));
      });
    });
    sent.once('error', reject).end(body);
  });
}
