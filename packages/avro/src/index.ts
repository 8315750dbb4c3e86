export * from './metric-event.js';
