import { fileURLToPath } from 'node:url';

import preset from './index.js';

/**
 * The preset for packages and apps that load NestJS.
 *
 * @type {import('jest').Config}
 */
export default {
  ...preset,
  setupFiles: [fileURLToPath(new URL('./nest-common.setup.js', import.meta.url))],
};
