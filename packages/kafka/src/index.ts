export * from './connection.js';
export * from './records.js';
export * from './clients/consumer/index.js';
