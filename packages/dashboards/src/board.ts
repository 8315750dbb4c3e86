import { type Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  RowBuilder,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard';

import { boardLink, type BoardName, BOARDS, document, linkOf, othersThan } from './links.js';
import type { PanelDraft } from './panels/panel.js';
import { datasource, documentation } from './variables.js';

/** Panels under a headline; the headline may be missing where the panels say enough. */
export interface Section {
  readonly title?: string;
  readonly panels: readonly PanelDraft[];
}

export interface BoardOptions {
  readonly name: BoardName;
  /** Which question it answers. */
  readonly description: string;
  readonly variables?: readonly Builder<VariableModel>[];
  readonly sections: readonly Section[];
  /** What is shown until somebody chooses. */
  readonly from?: string;
}

/** A dashboard, and why which queries may rightly be empty, by the panel's id and the query's letter. */
export interface Board {
  readonly dashboard: Dashboard;
  readonly emptyWhile: ReadonlyMap<number, ReadonlyMap<string, string>>;
}

export type BoardMaker = (docsUrl: string) => Board;

/** Links to all other dashboards, variables, then the sections one below another. */
export function makeBoard(options: BoardOptions, docsUrl: string): Board {
  const { uid, title } = BOARDS[options.name];
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .description(options.description)
    .tags(['weir'])
    .editable()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: options.from ?? 'now-1h', to: 'now' })
    .refresh('30s')
    .timezone('browser')
    .variables([datasource(), ...(options.variables ?? []), documentation(docsUrl)])
    .links([
      ...othersThan(options.name).map((other) => linkOf(boardLink(other))),
      linkOf(document('Guide', 'guides/dashboards.md')),
    ]);
  const emptyWhile = new Map<number, ReadonlyMap<string, string>>();
  let id = 0;
  for (const { title: headline, panels } of options.sections) {
    if (headline !== undefined) builder.withRow(new RowBuilder(headline).id((id += 1)));
    for (const draft of panels) {
      id += 1;
      emptyWhile.set(id, draft.emptyWhile);
      const panel = { ...draft.panel.build(), id };
      builder.withPanel({ build: () => panel });
    }
  }
  return { dashboard: builder.build(), emptyWhile };
}
