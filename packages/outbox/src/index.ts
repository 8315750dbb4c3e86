export { Outbox, type OutboxBacklog, type OutboxMessage } from './outbox.js';
export { OutboxRelay, type OutboxRelayObserver, type OutboxRelayOptions, type RelayState } from './relay.js';
export { createOutboxTables, dropOutboxTables } from './tables.js';
