export * from './access.js';
export * from './apps.js';
export * from './define-topic.js';
export * from './registry.js';
export * from './resolve-topics.js';
export * from './topic.js';
