import preset from '@weir/jest-preset';

/** Apart from the other tests: these take minutes, and engines of their own that they kill. */
export default {
  ...preset,
  displayName: 'faults',
  testMatch: ['<rootDir>/**/*.spec.ts'],
  globalSetup: '<rootDir>/global-setup.mjs',
  globalTeardown: '<rootDir>/../../packages/testing/jest-global-teardown.mjs',
  testTimeout: process.env['WEIR_FAULTS'] === 'long' ? 1_800_000 : 300_000,
  verbose: true, // how long each fault takes
  maxWorkers: 1,
  // Each file in a process of its own: the native client that one file loaded is gone before the next loads it again.
  workerIdleMemoryLimit: '50MB',
};
