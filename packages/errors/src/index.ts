export * from './classify.js';
export * from './kafka-errors.js';
export * from './other-errors.js';
export * from './retry.js';
export * from './schema-errors.js';
export * from './store-errors.js';
export * from './weir-error.js';
