import { type Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  ConstantVariableBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  type VariableModel,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { LabelOf, MetricName } from '@weir/telemetry';

import { type Matchers, series } from './promql.js';

/** Whichever Prometheus is chosen on top of the dashboard. */
export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' } as const;

/** Uid of the data source in deploy/grafana/provisioning/datasources. */
const PROVISIONED_DATASOURCE = 'prometheus';

export function datasource(): Builder<VariableModel> {
  return new DatasourceVariableBuilder('datasource')
    .label('Prometheus')
    .type('prometheus')
    .current({ text: 'Prometheus', value: PROVISIONED_DATASOURCE });
}

/** Where the pages that panels link to are read; hidden, and the same on all dashboards. */
export function documentation(url: string): Builder<VariableModel> {
  return new ConstantVariableBuilder('docs').label('Documentation').value(url);
}

interface Choice<Name extends MetricName> {
  readonly name: string;
  readonly label: string;
  readonly of: Name;
  readonly values: LabelOf<Name> | 'instance' | 'job';
  readonly matchers?: Matchers<Name>;
}

/** Any number of values that a label has. All of them is the usual choice, and leaves nothing out. */
export function several<Name extends MetricName>(choice: Choice<Name>): Builder<VariableModel> {
  return chosen(choice).multi(true).includeAll(true).allValue('.*').current({ text: 'All', value: '$__all' });
}

/** One value that a label has: the first, until somebody chooses. */
export function one<Name extends MetricName>(choice: Choice<Name>): Builder<VariableModel> {
  return chosen(choice);
}

function chosen<Name extends MetricName>({ name, label, of, values, matchers }: Choice<Name>): QueryVariableBuilder {
  const query = `label_values(${series(of, matchers)}, ${values})`;
  return (
    new QueryVariableBuilder(name)
      .label(label)
      .datasource(DATASOURCE)
      .query({ query, refId: name })
      .definition(query)
      .refresh(VariableRefresh.OnTimeRangeChanged)
      // oxlint-disable-next-line unicorn/no-array-sort -- no array: a setting of the variable
      .sort(VariableSort.AlphabeticalAsc)
  );
}

/** The processes of one service. */
export const instances = (service: string): Builder<VariableModel> =>
  several({ name: 'instance', label: 'Instance', of: 'weir_build_info', values: 'instance', matchers: { service } });
