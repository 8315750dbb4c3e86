import { runService } from '@weir/nest-service';

import { createDlqReplayer } from './app.js';
import { loadConfig } from './config.js';

await runService(() => createDlqReplayer(loadConfig()));
