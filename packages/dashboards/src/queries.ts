import type { Panel, RowPanel } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Dataquery } from '@grafana/grafana-foundation-sdk/prometheus';

import type { Board } from './board.js';

/** A query as Grafana would send it, but for its variables. */
export interface PanelQuery {
  readonly board: string;
  readonly panel: string;
  readonly refId: string;
  readonly expression: string;
  /** At one moment, rather than over a range. */
  readonly instant: boolean;
  /** Why its answer may be empty while all is well; null where there has to be one. */
  readonly emptyWhile: string | null;
  /** Labels that its series are told apart by: of a legend, or a table's columns. */
  readonly labels: readonly string[];
}

/** Of all panels. */
export function queriesOf({ dashboard, emptyWhile }: Board): PanelQuery[] {
  return (dashboard.panels ?? []).filter(isPanel).flatMap((panel) =>
    (panel.targets ?? []).filter(isPrometheus).map((target) => ({
      board: dashboard.title ?? '',
      panel: panel.title ?? '',
      refId: target.refId ?? '',
      expression: target.expr,
      instant: target.instant === true,
      emptyWhile: emptyWhile.get(panel.id ?? 0)?.get(target.refId ?? '') ?? null,
      labels: [...(target.legendFormat ?? '').matchAll(/\{\{(?<label>\w+)\}\}/g)].map(
        ({ groups }) => groups?.['label'] ?? '',
      ),
    })),
  );
}

const isPanel = (panel: Panel | RowPanel): panel is Panel => panel.type !== 'row';
const isPrometheus = (target: object): target is Dataquery => 'expr' in target;
