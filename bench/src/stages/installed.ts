import { setTimeout as wait } from 'node:timers/promises';

import { Installation } from '../installation.js';
import { UseMeter } from '../measure/process-use.js';
import { percentilesOf } from '../measure/ratios.js';
import type { Stage } from '../stage.js';

const IDLE_SECONDS = 10;

const installed = (): Promise<Installation> => Installation.make();

/** What the machine pays for an installation that nobody uses. */
export const idle: Stage = {
  name: 'idle',
  unit: 'seconds',
  about:
    'An installation of `npm start` to which nobody but its host agent sends anything: the processor time of each app and engine in a second.',
  target: null,
  peerTarget: null,
  onRequest: true,
  async open(extent, shared) {
    const installation = await shared.of(installed, extent);
    const seconds = Math.max(IDLE_SECONDS, extent.seconds);
    return {
      contenders: [
        {
          name: 'weir',
          async run() {
            const meter = new UseMeter(installation.pids());
            const began = performance.now();
            await wait(seconds * 1_000);
            const took = (performance.now() - began) / 1_000;
            return { count: took, seconds: took, use: meter.read() };
          },
        },
      ],
      close: () => Promise.resolve(),
    };
  },
};

/** How long somebody waits who starts what ran before. */
export const start: Stage = {
  name: 'start',
  unit: 'starts',
  about:
    '`npm start -- --detach` with the data of an installation that ran before, until it is back and every app ready.',
  target: null,
  wantedMs: { latency: { p50: 10_000 }, freshness: {} },
  peerTarget: null,
  onRequest: true,
  async open(extent, shared) {
    const installation = await shared.of(installed, extent);
    return {
      contenders: [
        {
          name: 'weir',
          async run() {
            await installation.end();
            const began = performance.now();
            await installation.start();
            const tookMs = performance.now() - began;
            return { count: 1, seconds: tookMs / 1_000, latencyMs: percentilesOf([tookMs]) };
          },
        },
      ],
      close: () => Promise.resolve(),
    };
  },
};
