import { ValidationError } from '@weir/errors';

import { type Condition, conditionOf, filterOf } from './filter.js';
import { placeOfId } from './views.js';
import type { Body } from '../http/body.js';
import { Parameters } from '../http/parameters.js';

/** Which dead letters an operator means: those that a filter finds, by the parameters of the list, or these. As it was given. */
export type Selection = { readonly filter: Readonly<Record<string, string>> } | { readonly ids: readonly string[] };

const MAX_IDS = 1_000;

/** Members of a body that `selectionOf` reads, for the documentation of the routes. */
export const SELECTION_SCHEMA = {
  filter: { type: 'object', description: 'Parameters of the list of dead letters, by name.' },
  ids: { type: 'array', items: { type: 'string' }, maxItems: MAX_IDS },
};

/** Reads `filter` or `ids` of a body. Throws ValidationError. */
export function selectionOf(body: Body): Selection {
  if (body.has('ids')) {
    if (body.has('filter')) throw new ValidationError('field_invalid', 'Give `filter` or `ids`, and not both.');
    const ids = body.texts('ids', MAX_IDS);
    const strange = ids.find((id) => placeOfId(id) === null);
    if (strange !== undefined)
      throw new ValidationError('field_invalid', '`ids` must be ids of dead letters, as `0-1234`.');
    return { ids };
  }
  const filter = body.scalars('filter');
  conditionOf(parsed(filter));
  return { filter };
}

/** The rows `d` of the index that are meant. */
export function conditionOfSelection(selection: Selection): Condition {
  if ('filter' in selection) return conditionOf(parsed(selection.filter));
  const places = selection.ids.flatMap((id) => placeOfId(id) ?? []);
  return {
    sql: '(d.dlq_partition, d.dlq_offset) IN (SELECT * FROM unnest($1::int[], $2::bigint[]))',
    values: [places.map(({ partition }) => partition), places.map(({ offset }) => offset)],
  };
}

function parsed(filter: Readonly<Record<string, string>>) {
  const parameters = new Parameters(`?${new URLSearchParams(filter).toString()}`);
  const read = filterOf(parameters);
  parameters.finish();
  return read;
}
