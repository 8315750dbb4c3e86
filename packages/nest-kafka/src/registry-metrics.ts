import type { Provider } from '@nestjs/common';
import type { ObservableRegistry } from '@weir/avro';
import { Metrics } from '@weir/telemetry';

/** Counts and times the requests of this process to the schema registry. */
export function countRequests(registry: ObservableRegistry, metrics: Metrics): void {
  const requests = metrics.counter('weir_schema_registry_requests_total');
  const durations = metrics.histogram('weir_schema_registry_request_duration_seconds');
  registry.observe((operation, status, seconds) => {
    requests.inc({ operation, status });
    durations.observe({ operation }, seconds);
  });
}

/** The same, of a registry's client that is made before the app is. */
export function registryMetrics(registry: ObservableRegistry): Provider {
  return {
    provide: Symbol('weir.registry-metrics'),
    inject: [Metrics],
    useFactory: (metrics: Metrics) => countRequests(registry, metrics),
  };
}
