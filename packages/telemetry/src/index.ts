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
export { type CounterCell, type HistogramCell } from './metrics/hot.js';
export { watchPool } from './metrics/pool-gauges.js';
export { Metrics } from './metrics/metrics.js';
export { activeTrace, recordedTraceparent } from './traces/active-trace.js';
export { openTraces, type TracesOptions } from './traces/open-traces.js';
export { parseTraceparent, type TraceContext, traceparentOf } from './traces/trace-context.js';
export { type Span, type SpanAttributes, type SpanOptions, Traces } from './traces/traces.js';
