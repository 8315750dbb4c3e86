import { AppProcess, freePort } from '../../support/process.js';
import type { System } from '../../support/system.js';

/** A module that runs before anything of the app, and moves the clock that all of its JavaScript reads. */
const skewing = (byMs: number): string => {
  const source = `
    const Real = Date;
    globalThis.Date = class extends Real {
      constructor(...given) { if (given.length === 0) super(Real.now() + ${byMs}); else super(...given); }
      static now() { return Real.now() + ${byMs}; }
    };`;
  return `data:text/javascript,${encodeURIComponent(source)}`; // NODE_OPTIONS end at spaces
};

/** Another ingest-api of the system, whose clock is wrong by so much. It is ready then; to be ended by whoever started it. */
export async function startSkewedIngest({ ingest }: System, byMs: number): Promise<AppProcess> {
  const app = new AppProcess('ingest-api', await freePort(), {
    ...ingest.environment,
    NODE_OPTIONS: `--import=${skewing(byMs)}`,
  });
  app.start();
  await app.ready();
  return app;
}
