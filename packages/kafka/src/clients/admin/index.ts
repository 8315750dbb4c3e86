export type { TopicSetting, TopicSettings } from './config-admin.js';
export * from './descriptions.js';
export type { EnsureTopicsOptions, TopicReport } from './ensure-topics.js';
export * from './kafka-admin.js';
export type { TopicDrift } from './topic-shape.js';
