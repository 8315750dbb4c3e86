import { MetricsReader } from '@weir/metrics-store';
import type { Traces } from '@weir/telemetry';

/** The reader with a span for each question. It stands in where traces are on. */
export class TracedReader extends MetricsReader {
  private readonly traces: Traces;

  constructor(traces: Traces, ...options: ConstructorParameters<typeof MetricsReader>) {
    super(...options);
    this.traces = traces;
  }

  override points(...asked: Parameters<MetricsReader['points']>): ReturnType<MetricsReader['points']> {
    return this.traced('points', 'samples', () => super.points(...asked));
  }

  override pointsJson(...asked: Parameters<MetricsReader['pointsJson']>): ReturnType<MetricsReader['pointsJson']> {
    return this.traced('points', 'samples', () => super.pointsJson(...asked));
  }

  override aggregate(...asked: Parameters<MetricsReader['aggregate']>): ReturnType<MetricsReader['aggregate']> {
    return this.traced('aggregate', 'samples', () => super.aggregate(...asked));
  }

  override names(...asked: Parameters<MetricsReader['names']>): ReturnType<MetricsReader['names']> {
    return this.traced('names', 'series', () => super.names(...asked));
  }

  override labelNames(...asked: Parameters<MetricsReader['labelNames']>): ReturnType<MetricsReader['labelNames']> {
    return this.traced('label names', 'series', () => super.labelNames(...asked));
  }

  override labelValues(...asked: Parameters<MetricsReader['labelValues']>): ReturnType<MetricsReader['labelValues']> {
    return this.traced('label values', 'series', () => super.labelValues(...asked));
  }

  override series(...asked: Parameters<MetricsReader['series']>): ReturnType<MetricsReader['series']> {
    return this.traced('series', 'series', () => super.series(...asked));
  }

  /** By the semantic conventions for PostgreSQL; the values of the question are a tenant's and stay here. */
  private traced<T>(question: string, table: 'samples' | 'series', ask: () => Promise<T>): Promise<T> {
    const collection = `metrics.${table}`;
    const attributes = {
      'db.system.name': 'postgresql',
      'db.operation.name': 'SELECT',
      'db.collection.name': collection,
      'weir.question': question,
    };
    return this.traces.around(`SELECT ${collection}`, { kind: 'client', attributes }, ask);
  }
}
