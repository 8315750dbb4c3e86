/** WEIR_FAULTS=long does each fault as often as the promise was stated for; otherwise once or twice. */
export const LONG = process.env['WEIR_FAULTS'] === 'long';

/** In the short form less time has to pass until others take over from a metrics-consumer that was killed: as little as brokers allow. */
export const TAKE_OVER: Readonly<Record<string, string>> = LONG ? {} : { CONSUMER_SESSION_TIMEOUT: '6s' };
