/** One configuration, one set-up of engines, one total. */
export default {
  projects: ['<rootDir>/{apps,packages}/*/jest.config.js', '<rootDir>/e2e/jest.config.js'],
  globalSetup: '<rootDir>/packages/testing/jest-global-setup.mjs',
  globalTeardown: '<rootDir>/packages/testing/jest-global-teardown.mjs',
  testTimeout: 30_000,
};
