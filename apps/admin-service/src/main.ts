import { runService } from '@weir/nest-service';

import { createAdminService } from './app.js';
import { loadConfig } from './config.js';

await runService(() => createAdminService(loadConfig()));
