/** WEIR_FAULTS=long does each fault as often as the promise was stated for; otherwise the suite takes about five minutes. */
export const LONG = process.env['WEIR_FAULTS'] === 'long';
