/** Where the engines of this test run listen. */
export interface Engines {
  readonly kafka: { readonly bootstrapServers: string };
  readonly schemaRegistry: { readonly url: string };
  /** `url` is a superuser's on database `postgres`; tests make databases of their own with `freshDatabase`. */
  readonly postgres: { readonly url: string };
}

/** The engines that the global set-up started, or that `WEIR_TEST_ENGINES` (JSON of the same shape) names. */
export function engines(): Engines {
  const text = process.env['WEIR_TEST_ENGINES'];
  if (text === undefined) throw new Error('No engines: run the tests with `npm test`, or set WEIR_TEST_ENGINES.');
  return JSON.parse(text) as Engines;
}
