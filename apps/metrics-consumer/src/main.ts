import { runService } from '@weir/nest-service';

import { createMetricsConsumer } from './app.js';
import { loadConfig } from './config.js';

await runService(() => createMetricsConsumer(loadConfig()));
