export * from './health/health-registry.js';
export { describeError, type ErrorDescription, isError } from './logs/describe-error.js';
export { createLogger, type Logger, type LoggerOptions } from './logs/logger.js';
export { CappedLabel } from './metrics/capped-label.js';
export {
  metricCatalogue,
  type CounterName,
  type GaugeName,
  type HistogramName,
  type LabelOf,
  type MetricName,
} from './metrics/catalogue.js';
export { type MetricDefinition } from './metrics/definition.js';
export { Metrics } from './metrics/metrics.js';
