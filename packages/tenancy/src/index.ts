export * from './api-key.js';
export * from './limits.js';
export * from './sample-rules.js';
export * from './sentinel.js';
export * from './tenant-messages.js';
export { isTenantId } from './tenant-record.js';
export * from './tenants-feed.js';
export * from './tenants-publisher.js';
export * from './tenants-view.js';
