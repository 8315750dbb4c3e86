import { counter, gauge } from '../definition.js';

/** What every process tells about itself. */
export const processMetrics = {
  weir_build_info: gauge({
    labels: ['service', 'version'],
    unit: 'info',
    help: 'Always 1; its labels say what runs here.',
  }),
  weir_scrape_failures_total: counter({
    help: 'Readings that failed while /metrics was answered; their metrics kept the value before.',
  }),
  weir_dependency_up: gauge({
    labels: ['dependency'],
    help: 'Is 1 while the last health check of a dependency did not fail, else 0.',
  }),
  weir_log_lines_total: counter({
    labels: ['level'],
    startsWith: [{ level: 'warn' }, { level: 'error' }, { level: 'fatal' }],
    help: 'Lines written to the log, by level, from warn on; those that a burst left out included.',
  }),
  weir_certificate_expiry_timestamp_seconds: gauge({
    labels: ['certificate'],
    unit: 'seconds',
    help: 'Unix time at which a certificate that this process uses for Kafka ends: ca (the first of them) or client.',
  }),
};
