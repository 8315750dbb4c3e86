/** How `weir` ends. Scripts go by these numbers, so they are stable. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  unhealthy: 3,
  refused: 4,
  keyRefused: 5,
  away: 6,
  incomplete: 7,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** For the reference, and for `weir help exit-codes`. */
export const EXIT_MEANINGS: readonly (readonly [ExitCode, string])[] = [
  [EXIT.ok, 'Done; for `weir status`: healthy.'],
  [EXIT.failed, 'Something failed that nobody foresaw, or a service answered that it is its own fault.'],
  [EXIT.usage, 'The command is not one that `weir` knows, or a setting is missing. Nothing was done.'],
  [EXIT.unhealthy, '`weir status`: something is lost, delayed or refused, or could not be looked at.'],
  [EXIT.refused, 'The service refused: there is no such thing, it is in another state, or a value breaks a rule.'],
  [EXIT.keyRefused, 'The key is unknown, expired or revoked, or its role does not allow this.'],
  [EXIT.away, 'The service, Kafka or the schema registry does not answer, or cannot take work now. Try again later.'],
  [
    EXIT.incomplete,
    'Done in part: samples were refused, a replay ended without all of its records recovered, or topics are missing or not as the registry wants them.',
  ],
  [EXIT.interrupted, 'Ended by Ctrl-C.'],
];
