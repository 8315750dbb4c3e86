/** One configuration, one set-up of engines, one total. */
export default {
  projects: ['<rootDir>/{apps,packages}/*/jest.config.js'],
  testTimeout: 30_000,
};
