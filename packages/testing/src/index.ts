export * from './engine-process.js';
export * from './engines.js';
export * from './eventually.js';
export * from './fresh-database.js';
export * from './names.js';
export * from './redis.js';
export * from './registry-proxy.js';
export * from './tcp-proxy.js';
