import pLimit from 'p-limit';

/** Half of what libuv's pool has where nothing else is said: https://docs.libuv.org/en/v1.x/threadpool.html */
const AT_ONCE = 2;

/**
 * Lets two clients of the process connect at once; the others wait for their turn.
 *
 * Whoever connects holds a thread of libuv's pool until a broker answers or its time is over, again and again while the brokers are away. Were
 * that all four of them, nothing else of the process would get on that needs one: a log-in to PostgreSQL, gzip, the name of a host (measured
 * with six clients: 8 s of waiting).
 */
export const inTurnToConnect = pLimit(AT_ONCE);
