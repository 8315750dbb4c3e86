const REASONS: ReadonlyMap<unknown, string> = new Map([
  ['EADDRINUSE', 'another process listens there; PORT chooses another port'],
  ['EACCES', 'this user may not; PORT chooses another port'],
  ['EADDRNOTAVAIL', 'this machine has no such address; HOST chooses another'],
  ['ENOTFOUND', 'this host name is not known; HOST chooses another'],
]);

/** The address to listen on cannot be had. Its message is one sentence for who starts the process. */
export class ListenError extends Error {
  override readonly name = 'ListenError';

  /** Null for every other error. */
  static of(thrown: unknown, host: string, port: number): ListenError | null {
    const code: unknown = typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, 'code') : undefined;
    const reason = REASONS.get(code);
    return reason === undefined
      ? null
      : new ListenError(`cannot listen on ${host}:${port}: ${reason}.`, { cause: thrown });
  }
}
