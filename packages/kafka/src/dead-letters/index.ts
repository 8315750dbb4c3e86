export * from './dead-letter.js';
export * from './envelope.js';
export * from './fingerprint.js';
export * from './identity.js';
export * from './letter-facts.js';
export * from './parse-envelope.js';
export * from './publisher.js';
export * from './replay-headers.js';
