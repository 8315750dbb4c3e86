/** The `ServiceConfig` of this process. */
export const SERVICE_CONFIG = Symbol('weir.service-config');
/** What the app told ServiceModule besides. */
export const SERVICE_OPTIONS = Symbol('weir.service-options');
/** The pino `Logger` of this process; Nest's own `Logger` class writes to the same. */
export const LOGGER = Symbol('weir.logger');
