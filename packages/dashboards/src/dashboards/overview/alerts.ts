import { document } from '../../links.js';
import type { PanelDraft } from '../../panels/panel.js';
import { table } from '../../panels/table.js';
import { series, sum } from '../../promql.js';
import { words } from '../../theme.js';

/** What an alert is about, whichever of these labels it has. */
const ABOUT = ['job', 'group', 'topic', 'tenant', 'reason', 'component', 'dependency', 'cause', 'limit', 'certificate'];

/** `WeirRecordsExpired` → `weir-records-expired`, which is its page in docs/runbooks. */
const pageOf = (alert: string): string => alert.replaceAll(/(?<=[a-z\d])(?=[A-Z])/g, '-').toLowerCase();

/** `alerts`: the names of all that there are. A query cannot make a page's name of an alert's, a mapping can. */
export function firingAlerts(alerts: readonly string[]): PanelDraft {
  const pages = Object.fromEntries(alerts.map((alert) => [alert, [pageOf(alert), 'calm'] as const]));
  const labels = ABOUT.map((label) => JSON.stringify(label)).join(', ');
  const about = `label_join(${series('ALERTS', { alertstate: 'firing' })}, "about", " ", ${labels})`;
  const withPage = `label_replace(${about}, "runbook", "$1", "alertname", "(.*)")`;
  return table({
    title: 'Alerts that fire',
    description:
      'What Prometheus holds for wrong now. Each has a page that says what it means, whose fault it may be and what to do: click on it. Usual: none.',
    unit: 'state',
    width: 12,
    height: 9,
    labels: [
      {
        label: 'severity',
        name: 'Severity',
        mappings: [words({ critical: ['critical', 'bad'], warning: ['warning', 'warning'] })],
      },
      { label: 'alertname', name: 'Alert' },
      { label: 'about', name: 'About' },
      {
        label: 'runbook',
        name: 'What to do',
        mappings: [words(pages)],
        link: document('Open the runbook', 'runbooks/${__value.text}.md'),
      },
    ],
    values: [{ name: 'Firing', expression: sum(withPage, ['severity', 'alertname', 'about', 'runbook']) }],
    hideValues: true,
    nothing: 'none',
    emptyWhile: 'no alert fires',
  });
}
