import { type Builder } from '@grafana/grafana-foundation-sdk/cog';
import { TooltipDisplayMode, VizTooltipOptionsBuilder } from '@grafana/grafana-foundation-sdk/common';
import {
  type DashboardLink,
  type DynamicConfigValue,
  type FieldColor,
  FieldColorBuilder,
  FieldColorModeId,
  type GridPos,
  type Panel,
  type ThresholdsConfig,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';

import { type Link, linkOf, runbook } from '../links.js';
import { type Colour, COLOURS, type Limits, thresholds, type Unit, UNITS } from '../theme.js';
import { DATASOURCE } from '../variables.js';

export interface Query {
  readonly expression: string;
  /** What a series is called; `{{label}}` stands for the label's value. Of a table, the name of the column. */
  readonly legend?: string;
  /** Where it is another than the panel's. */
  readonly unit?: Unit;
  /** Why it may rightly have no answer while all is well; then no test asks for one. */
  readonly emptyWhile?: string;
}

/** What every panel tells, whatever it looks like. */
export interface PanelOptions {
  readonly title: string;
  /** What it shows, what is usual, and what to do where it is not. */
  readonly description: string;
  readonly unit: Unit;
  /** In 24ths of the width. */
  readonly width: number;
  /** In rows of the grid, of about 38 pixels each. */
  readonly height?: number;
  /** Of `docs/runbooks`, without its ending. */
  readonly runbook?: string;
  readonly links?: readonly Link[];
  /** What stands there where there is no answer; "no data" unless given. */
  readonly nothing?: string;
  /** The same of all its queries. */
  readonly emptyWhile?: string;
}

/** A panel, and which of its queries may rightly be empty, by their letters. */
export interface PanelDraft {
  readonly panel: Builder<Panel>;
  readonly emptyWhile: ReadonlyMap<string, string>;
}

/** What the builders of the SDK have in common, which it has no name for. */
interface CommonBuilder extends Builder<Panel> {
  title(title: string): this;
  description(description: string): this;
  datasource(datasource: typeof DATASOURCE): this;
  gridPos(position: GridPos): this;
  links(links: Builder<DashboardLink>[]): this;
  unit(unit: string): this;
  noValue(text: string): this;
  withTarget(target: DataqueryBuilder): this;
  overrideByQuery(refId: string, properties: DynamicConfigValue[]): this;
}

export const NOTHING = 'no data';

type Answer = 'range' | 'instant' | 'table' | 'heatmap';

/** Queries get the letters from A on, as in Grafana's editor. */
export function refIdOf(index: number): string {
  return String.fromCodePoint('A'.codePointAt(0)! + index);
}

/** Title, description, links, place and queries. */
export function furnish<Chosen extends CommonBuilder>(
  builder: Chosen,
  options: PanelOptions,
  queries: readonly Query[],
  answer: Answer,
): Chosen {
  const links = [...(options.runbook === undefined ? [] : [runbook(options.runbook)]), ...(options.links ?? [])];
  builder
    .title(options.title)
    .description(options.description)
    .datasource(DATASOURCE)
    // Where it comes to lie is the dashboard's affair: it takes (0, 0) for "not placed yet".
    .gridPos({ x: 0, y: 0, w: options.width, h: options.height ?? 8 })
    .unit(UNITS[options.unit])
    .noValue(options.nothing ?? NOTHING)
    .links(links.map((link) => linkOf(link)));
  for (const [index, query] of queries.entries()) {
    builder.withTarget(targetOf(query, refIdOf(index), answer));
    if (query.unit !== undefined && query.unit !== options.unit)
      builder.overrideByQuery(refIdOf(index), [{ id: 'unit', value: UNITS[query.unit] }]);
  }
  return builder;
}

function targetOf({ expression, legend }: Query, refId: string, answer: Answer): DataqueryBuilder {
  const target = new DataqueryBuilder()
    .datasource(DATASOURCE)
    .expr(expression)
    .refId(refId)
    .legendFormat(answer === 'heatmap' ? '{{le}}' : (legend ?? '__auto'));
  if (answer === 'heatmap') return target.range().format(PromQueryFormat.Heatmap);
  if (answer === 'range') return target.range().format(PromQueryFormat.TimeSeries);
  return target.instant().format(answer === 'table' ? PromQueryFormat.Table : PromQueryFormat.TimeSeries);
}

export function drafted(panel: Builder<Panel>, options: PanelOptions, queries: readonly Query[]): PanelDraft {
  const emptyWhile = new Map<string, string>();
  for (const [index, query] of queries.entries()) {
    const reason = query.emptyWhile ?? options.emptyWhile;
    if (reason !== undefined) emptyWhile.set(refIdOf(index), reason);
  }
  return { panel, emptyWhile };
}

export const limited = (limits: Limits): Builder<ThresholdsConfig> =>
  new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(thresholds(limits));

export const coloured = (colour: Colour): { id: string; value: object } => ({
  id: 'color',
  value: { mode: FieldColorModeId.Fixed, fixedColor: COLOURS[colour] },
});

export const colouredBy = (mode: FieldColorModeId): Builder<FieldColor> => new FieldColorBuilder().mode(mode);

export const allSeries = (): VizTooltipOptionsBuilder => new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi);
