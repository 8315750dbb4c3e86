import { runService } from '@weir/nest-service';

import { createQueryApi } from './app.js';
import { loadConfig } from './config.js';

await runService(() => createQueryApi(loadConfig()));
