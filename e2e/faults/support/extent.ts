/** WEIR_FAULTS=long does each fault as often as the promise was stated for; otherwise once or twice. */
export const LONG = process.env['WEIR_FAULTS'] === 'long';
