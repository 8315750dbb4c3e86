import { ValidationError } from '@weir/errors';

/**
 * A position in an ordered answer, as text that callers pass back and do not read: base64url of a JSON array of strings.
 *
 * It names the last row that was given, and not a distance from the first, so rows that come in between move nothing.
 */
export function encodeCursor(position: readonly string[]): string {
  return Buffer.from(JSON.stringify(position), 'utf8').toString('base64url');
}

/** Reads a cursor whose parts match these patterns. Throws ValidationError `cursor`. */
export function decodeCursor(cursor: string, parts: readonly RegExp[]): string[] {
  const position = parse(cursor);
  if (!Array.isArray(position) || position.length !== parts.length) throw refused();
  return parts.map((pattern, i) => {
    const part: unknown = position[i];
    if (typeof part !== 'string' || !pattern.test(part)) throw refused();
    return part;
  });
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw refused();
  }
}

function refused(): ValidationError {
  return new ValidationError('cursor', 'The cursor is not one that this API gave');
}
