import { runService } from '@weir/nest-service';

import { createIngestApi } from './app.js';
import { loadConfig } from './config.js';

await runService(() => createIngestApi(loadConfig()));
