export * from './engines.js';
export * from './eventually.js';
export * from './names.js';
