import { availableParallelism } from 'node:os';

/** One configuration, one set-up of engines, one total. */
export default {
  projects: ['<rootDir>/{apps,packages}/*/jest.config.js', '<rootDir>/{bench,e2e}/jest.config.js'],
  globalSetup: '<rootDir>/packages/testing/jest-global-setup.mjs',
  globalTeardown: '<rootDir>/packages/testing/jest-global-teardown.mjs',
  testTimeout: 120_000,
  // At least two: tests wait more than they compute, and what a failed test leaves open ends with its worker.
  maxWorkers: Math.max(2, Math.floor(availableParallelism() / 2)),
  workerIdleMemoryLimit: '1GB',
};
