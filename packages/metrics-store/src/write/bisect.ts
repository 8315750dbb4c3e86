/** What the database refuses when it is tried alone. */
export interface Culprit<T> {
  readonly item: T;
  readonly fault: unknown;
}

/**
 * Finds the items that cannot be written: halves what fails until single items are left.
 *
 * `attempt` writes its items, or leaves nothing of them behind and resolves to the fault (null: written). One culprit among n
 * costs about 2·log2(n) attempts, and n culprits 2n.
 */
export async function findCulprits<T>(
  items: readonly T[],
  attempt: (items: readonly T[]) => Promise<unknown>,
): Promise<Culprit<T>[]> {
  if (items.length === 0) return [];
  const fault = await attempt(items);
  if (fault === null) return [];
  const [first] = items;
  if (first !== undefined && items.length === 1) return [{ item: first, fault }];
  const middle = items.length >> 1;
  return [
    ...(await findCulprits(items.slice(0, middle), attempt)),
    ...(await findCulprits(items.slice(middle), attempt)),
  ];
}
