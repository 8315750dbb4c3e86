/** A process whose handler hangs, with nothing said of what to do then. */
import { Controller } from '@nestjs/common';
import { metricsRaw } from '@weir/topics';

import { BatchHandler } from '../src/index.js';
import { boot, topicsWith } from './app-fixture.js';

@Controller()
class Hanging {
  @BatchHandler(metricsRaw, { stallTimeoutMs: 500 })
  handle(): Promise<void> {
    return new Promise(() => undefined);
  }
}

await boot({ topics: topicsWith(process.argv[2] ?? ''), controllers: [Hanging] });
