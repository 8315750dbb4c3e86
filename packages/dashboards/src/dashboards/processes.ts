import type { Section } from '../board.js';
import type { PanelDraft } from '../panels/panel.js';
import { timeSeries } from '../panels/timeseries.js';
import { like, max, rate, series, sum } from '../promql.js';

/** How the processes of an app are, each by itself. Wants a variable `instance`. */
export function processes(app: string): Section {
  const matchers = { job: app, instance: like('$instance') };
  const panels: PanelDraft[] = [
    timeSeries({
      title: 'CPU',
      description: `Cores that each instance of ${app} uses. One thread does most of its work: near 1 it is full, and another instance helps more than a larger machine.`,
      unit: 'cores',
      width: 6,
      limits: { warning: 0.9 },
      queries: [{ expression: sum(rate('process_cpu_seconds_total', matchers), ['instance']), legend: '{{instance}}' }],
      runbook: 'kafka-processing-latency-high',
    }),
    timeSeries({
      title: 'Memory',
      description: `Resident memory of each instance of ${app}. Usual: a flat line after the first minutes. One that only rises is a leak: restart the instance, keep its heap figures, report it.`,
      unit: 'bytes',
      width: 6,
      queries: [
        { expression: max(series('process_resident_memory_bytes', matchers), ['instance']), legend: '{{instance}}' },
      ],
    }),
    timeSeries({
      title: 'Event loop delay, p99',
      description: `How late timers of each instance of ${app} come. Usual: below 50 ms. Above 250 ms something holds the thread: answers and heartbeats are late, too.`,
      unit: 'seconds',
      width: 6,
      limits: { warning: 0.25 },
      queries: [
        { expression: max(series('nodejs_eventloop_lag_p99_seconds', matchers), ['instance']), legend: '{{instance}}' },
      ],
      runbook: 'kafka-processing-latency-high',
    }),
    timeSeries({
      title: 'Warnings and errors in the log',
      description: `Lines that ${app} writes from warn on, by level, what a burst left out included. Usual: 0. The log of the same time says what it is.`,
      unit: 'perSecond',
      width: 6,
      queries: [{ expression: sum(rate('weir_log_lines_total', matchers), ['level']), legend: '{{level}}' }],
    }),
  ];
  return { title: `Processes of ${app}`, panels };
}
