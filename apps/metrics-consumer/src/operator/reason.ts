import { ProblemException } from '@weir/nest-service';

const MAX_REASON_LENGTH = 500;

/** Why an operator does something, from the body of the request. Throws the problem `reason_missing` where it does not say. */
export function reasonOf(body: unknown): string {
  const reason: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'reason') : undefined;
  if (typeof reason === 'string' && reason.trim() !== '' && reason.length <= MAX_REASON_LENGTH) return reason.trim();
  throw new ProblemException({
    status: 400,
    code: 'reason_missing',
    detail: `The body must be JSON with a "reason" of 1 to ${MAX_REASON_LENGTH} characters.`,
  });
}
