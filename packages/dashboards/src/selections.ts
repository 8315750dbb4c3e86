import { parser } from '@prometheus-io/lezer-promql';

/** What a query asks for by name. */
export interface Selection {
  readonly metric: string;
  readonly labels: readonly string[];
}

/** Grafana's variables, which a parser of PromQL does not know. */
const asPromql = (expression: string): string =>
  expression
    .replaceAll(/\$\{?__(?:rate_interval|interval|range)\}?(?!_)/g, '5m')
    .replaceAll(/\$\{?__range_s\}?/g, '300');

/**
 * All series that a query selects, with the labels that it compares.
 *
 * @throws Error where the query is no PromQL.
 */
export function selectionsIn(expression: string): Selection[] {
  const text = asPromql(expression);
  const selections: { metric: string; labels: string[] }[] = [];
  parser.parse(text).iterate({
    enter: ({ name, type, from, to, node }) => {
      if (type.isError) throw new Error(`no PromQL at ${from}: ${text.slice(0, from)} >>> ${text.slice(from)}`);
      if (name === 'VectorSelector') selections.push({ metric: '', labels: [] });
      const current = selections.at(-1);
      if (current === undefined) return;
      if (name === 'Identifier' && node.parent?.name === 'VectorSelector')
        Object.assign(current, { metric: text.slice(from, to) });
      if (name === 'LabelName' && node.parent?.name === 'UnquotedLabelMatcher')
        current.labels.push(text.slice(from, to));
    },
  });
  return selections;
}
