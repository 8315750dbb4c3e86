import { TableCellHeight, TableSortByFieldStateBuilder } from '@grafana/grafana-foundation-sdk/common';
import { type DynamicConfigValue, type ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder } from '@grafana/grafana-foundation-sdk/table';

import { type Link, linkOf } from '../links.js';
import { type Limits, thresholds, UNITS } from '../theme.js';
import { drafted, furnish, type PanelDraft, type PanelOptions, type Query, refIdOf } from './panel.js';

/** A query's values become a column. */
interface ValueColumn extends Query {
  readonly name: string;
  readonly limits?: Limits;
  readonly decimals?: number;
}

/** A label that all queries keep becomes a column, too. */
interface LabelColumn {
  readonly label: string;
  readonly name: string;
  readonly link?: Link;
  readonly mappings?: readonly ValueMapping[];
}

export interface TableOptions extends PanelOptions {
  readonly labels: readonly LabelColumn[];
  readonly values: readonly ValueColumn[];
  /** Name of a column; largest first. */
  readonly sortBy?: string;
  /** Whose column of values tells nothing, since being there is all there is to tell. */
  readonly hideValues?: boolean;
}

/** One row for each combination of the labels, as it is now or of the whole shown time. */
export function table(options: TableOptions): PanelDraft {
  const { labels, values, sortBy, hideValues = false } = options;
  const panel = furnish(new PanelBuilder(), options, values, 'table').cellHeight(TableCellHeight.Sm);
  const valueField = (index: number): string => (values.length === 1 ? 'Value' : `Value #${refIdOf(index)}`);
  const order = [...labels.map(({ label }) => label), ...values.map((_, index) => valueField(index))];
  const kept = hideValues ? labels.map(({ label }) => label) : order;
  const named = [
    ...labels.map(({ label, name }) => [label, name] as const),
    ...values.map(({ name }, index) => [valueField(index), name] as const),
  ];
  if (values.length > 1) panel.withTransformation({ id: 'merge', options: {} });
  panel.withTransformation({ id: 'filterFieldsByName', options: { include: { names: kept } } }).withTransformation({
    id: 'organize',
    options: {
      indexByName: Object.fromEntries(order.map((field, index) => [field, index])),
      renameByName: Object.fromEntries(named),
    },
  });
  for (const { name, link, mappings } of labels) {
    const properties = [
      ...(link === undefined ? [] : [{ id: 'links', value: [linkOf(link).build()] }]),
      ...(mappings === undefined ? [] : [{ id: 'mappings', value: mappings }]),
    ];
    if (properties.length > 0) panel.overrideByName(name, properties);
  }
  for (const value of values) panel.overrideByName(value.name, propertiesOf(value));
  if (sortBy !== undefined) panel.sortBy([new TableSortByFieldStateBuilder().displayName(sortBy).desc(true)]);
  return drafted(panel, options, values);
}

function propertiesOf({ unit, limits, decimals }: ValueColumn): DynamicConfigValue[] {
  return [
    ...(unit === undefined ? [] : [{ id: 'unit', value: UNITS[unit] }]),
    ...(decimals === undefined ? [] : [{ id: 'decimals', value: decimals }]),
    ...(limits === undefined
      ? []
      : [
          { id: 'thresholds', value: { mode: 'absolute', steps: thresholds(limits) } },
          { id: 'color', value: { mode: 'thresholds' } },
          { id: 'custom.cellOptions', value: { type: 'color-text' } },
        ]),
  ];
}
