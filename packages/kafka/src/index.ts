export * from './connection.js';
export * from './records.js';
export * from './clients/admin/index.js';
export * from './clients/producer/options.js';
export * from './clients/producer/record-producer.js';
export * from './clients/consumer/index.js';
export * from './dead-letters/index.js';
export * from './reader/options.js';
export { TopicReader } from './reader/topic-reader.js';
