export * from './api-key.js';
export * from './limits.js';
export * from './sample-rules.js';
export * from './sentinel.js';
export * from './tenants-view.js';
