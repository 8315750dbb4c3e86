import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';

import { consumer } from './dashboards/consumer/consumer.js';
import { deadLetters } from './dashboards/dead-letters/dead-letters.js';
import { ingest } from './dashboards/ingest/ingest.js';
import { kafka } from './dashboards/kafka/kafka.js';
import { ledger } from './dashboards/ledger.js';
import { overview } from './dashboards/overview/overview.js';
import { tenant } from './dashboards/tenant.js';
import type { Board } from './board.js';

export type { Board } from './board.js';
export { BOARDS } from './links.js';
export { FOREIGN_METRICS, RECORDED } from './promql.js';
export { type PanelQuery, queriesOf } from './queries.js';
export { type Selection, selectionsIn } from './selections.js';

export interface BoardSources {
  /** Where the folder docs is read, without a slash at its end. */
  readonly docsUrl: string;
  /** Names of all alerts, for the links to their runbooks. */
  readonly alerts: readonly string[];
}

/** All dashboards. */
export function boards({ docsUrl, alerts }: BoardSources): Board[] {
  return [overview(alerts), ingest, consumer, kafka, deadLetters, tenant, ledger].map((make) => make(docsUrl));
}

/** Name and content of the file that Grafana reads. */
export function fileOf({ uid, ...rest }: Dashboard): { readonly name: string; readonly text: string } {
  return { name: `${uid}.json`, text: `${JSON.stringify({ uid, ...rest }, null, 2)}\n` };
}
