import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort, Reaper, redisService, redisUrl, StackHome, Supervisor } from '@weir/local-stack';

/** A Redis of one test's own. */
export interface TestRedis {
  readonly url: string;
  /** Its data is gone then. */
  stop(): Promise<void>;
}

/** Starts a real Redis on a free port; it ends with this process at the latest. */
export async function startRedis(): Promise<TestRedis> {
  const home = new StackHome(mkdtempSync(join(tmpdir(), 'weir-redis-')));
  home.prepare();
  const reaper = new Reaper();
  reaper.remove(home.directory);
  const supervisor = new Supervisor({ reaper });
  const port = await freePort();
  const stop = async (): Promise<void> => {
    await supervisor.stop();
    await reaper.close();
  };
  try {
    await supervisor.start([redisService({ home, port, reaper })]);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: redisUrl(port), stop };
}
