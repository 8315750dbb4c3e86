import { ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';

import type { Logger } from '../logs/logger.js';

type Exported = Parameters<SpanExporter['export']>[1];

/** Says once that the collector takes no spans, and once that it takes them again; the SDK would say it for each batch, or not at all. */
export class ToldExporter implements SpanExporter {
  /** Spans that were dropped since it failed; null while it works. */
  private dropped: number | null = null;

  constructor(
    private readonly exporter: SpanExporter,
    private readonly logger: Logger,
    /** Where spans go, as a log may show it. */
    private readonly collector: string,
  ) {}

  export(spans: ReadableSpan[], exported: Exported): void {
    this.exporter.export(spans, (result) => {
      if (result.code === ExportResultCode.SUCCESS) this.works();
      else this.fails(result.error, spans.length);
      exported(result);
    });
  }

  async forceFlush(): Promise<void> {
    await this.exporter.forceFlush?.();
  }

  async shutdown(): Promise<void> {
    await this.exporter.shutdown();
  }

  private works(): void {
    const { dropped, collector } = this;
    this.dropped = null;
    if (dropped !== null) this.logger.info({ collector, dropped }, 'The collector takes spans again');
  }

  private fails(error: Error | undefined, spans: number): void {
    if (this.dropped === null)
      this.logger.warn(
        { error, collector: this.collector },
        'The collector does not take spans; they are dropped until it does',
      );
    this.dropped = (this.dropped ?? 0) + spans;
  }
}
