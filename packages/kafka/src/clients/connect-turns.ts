import pLimit from 'p-limit';

/** Of libuv's pool, where nothing else is said: https://docs.libuv.org/en/v1.x/threadpool.html */
const DEFAULT_THREADS = 4;

/**
 * Lets half of libuv's threads connect at once, and the other clients of the process wait for their turn.
 *
 * Whoever connects holds a thread until a broker answers or its time is over, again and again while the brokers are away. Were that all of
 * them, nothing else of the process would get on that needs one: a log-in to PostgreSQL, gzip, the name of a host (measured with six
 * clients and four threads: 8 s of waiting).
 */
export const inTurnToConnect = pLimit(
  Math.max(1, Math.floor((Number(process.env['UV_THREADPOOL_SIZE']) || DEFAULT_THREADS) / 2)),
);
