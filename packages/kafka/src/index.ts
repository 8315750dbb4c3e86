export * from './connection.js';
export * from './records.js';
