/*
 * What was caught need not be an Error of this realm (inside Jest those of fs and net are not), so that it is looked at
 * by its members and not by `instanceof`.
 */

/** Its `code`, as fs, net and child_process give one. */
export function codeOf(caught: unknown): string | null {
  if (typeof caught !== 'object' || caught === null || !('code' in caught)) return null;
  return typeof caught.code === 'string' ? caught.code : null;
}

/** The message closest to the cause: fetch only says "fetch failed" itself. */
export function messageOf(caught: unknown): string {
  if (typeof caught !== 'object' || caught === null) return String(caught);
  if ('cause' in caught && caught.cause !== undefined) return messageOf(caught.cause);
  if ('message' in caught && typeof caught.message === 'string' && caught.message !== '') return caught.message;
  return codeOf(caught) ?? 'unknown';
}
