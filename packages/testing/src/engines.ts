/** Where the engines of this test run listen. */
export interface Engines {
  readonly kafka: {
    readonly bootstrapServers: string;
    /** For SASL_SSL, where the run was started with it: `caLocation` is the PEM of the brokers' authority. */
    readonly secured?: { readonly bootstrapServers: string; readonly caLocation: string };
  };
  readonly schemaRegistry: { readonly url: string };
  /** `url` is a superuser's on database `postgres`; tests make databases of their own with `freshDatabase`. */
  readonly postgres: { readonly url: string };
}

/** The engines that the global set-up started, or that `WEIR_TEST_ENGINES` (JSON of the same shape) names. */
export function engines(): Engines {
  const text = process.env['WEIR_TEST_ENGINES'];
  if (text === undefined) throw new Error('No engines: run the tests with `npm test`, or set WEIR_TEST_ENGINES.');
  const value: unknown = JSON.parse(text);
  if (!isEngines(value)) throw new Error('WEIR_TEST_ENGINES does not name kafka, schemaRegistry and postgres.');
  return value;
}

function isEngines(value: unknown): value is Engines {
  const named = (engine: string, member: string): boolean => {
    const found = isRecord(value) ? value[engine] : undefined;
    return isRecord(found) && typeof found[member] === 'string';
  };
  return named('kafka', 'bootstrapServers') && named('schemaRegistry', 'url') && named('postgres', 'url');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
