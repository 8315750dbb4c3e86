export { Outbox, type OutboxBacklog, type OutboxMessage } from './outbox.js';
export { OutboxPublishing, type OutboxPublishingOptions, type OutboxTelemetry } from './outbox-publishing.js';
export { OutboxRelay, type OutboxRelayObserver, type OutboxRelayOptions, type RelayState } from './relay.js';
export { createOutboxTables, dropOutboxTables } from './tables.js';
