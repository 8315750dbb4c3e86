/** One difference between two texts of a schema. */
export interface SchemaDifference {
  /** Names joined by dots: `com.acme.Order.price.default`. Empty at the top. */
  readonly path: string;
  /** Null where it was not there. */
  readonly before: unknown;
  /** Null where it is not there any more. */
  readonly after: unknown;
}

const MAX_DIFFERENCES = 500;

/**
 * What differs between two schemas, place by place. Fields and named types are found by their names wherever they stand; of anything else in a
 * list the place counts.
 */
export function schemaDifferences(before: string, after: string): SchemaDifference[] {
  const found: SchemaDifference[] = [];
  compare('', JSON.parse(before), JSON.parse(after), found);
  return found.slice(0, MAX_DIFFERENCES);
}

function compare(path: string, before: unknown, after: unknown, found: SchemaDifference[]): void {
  if (isContainer(before) && isContainer(after) && Array.isArray(before) === Array.isArray(after)) {
    const [was, is] = [membersOf(before), membersOf(after)];
    for (const name of new Set([...was.keys(), ...is.keys()]))
      compare(path === '' ? name : `${path}.${name}`, was.get(name), is.get(name), found);
  } else if (before !== after) found.push({ path, before: before ?? null, after: after ?? null });
}

const isContainer = (value: unknown): value is object => typeof value === 'object' && value !== null;

function membersOf(container: object): Map<string, unknown> {
  if (!Array.isArray(container)) return new Map(Object.entries(container));
  const items: readonly unknown[] = container;
  return new Map(items.map((item, at) => [nameOf(item) ?? String(at), item]));
}

/** Of a field or a named type. */
function nameOf(item: unknown): string | null {
  const name: unknown = isContainer(item) ? Reflect.get(item, 'name') : undefined;
  return typeof name === 'string' ? name : null;
}
