import { type Page, pageOf, placeOf } from '../http/page.js';
import type { PageRequest } from '../http/parameters.js';

/** A page of sorted names; what stands behind a name is asked for only where the name is on the page. */
export function pageOfNames(names: readonly string[], what: string, { limit, cursor }: PageRequest): Page<string> {
  const question = JSON.stringify([what]);
  const after = placeOf(question, cursor);
  const rows = names.filter((name) => after === null || name > after).slice(0, limit + 1);
  return pageOf(rows, limit, question, { item: (name) => name, place: (name) => name });
}
