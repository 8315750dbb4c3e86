import type { Settings } from './settings/settings.js';
import type { Terminal } from './terminal/terminal.js';
import { HttpApi } from './api/http-api.js';

/** What a command works with. */
export interface Context {
  readonly terminal: Terminal;
  readonly settings: Settings;
  /** One JSON document on standard output, and nothing else there. */
  readonly json: boolean;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Throws UsageFailure where address or key is missing. */
export function adminApi({ settings, signal }: Context): HttpApi {
  const address = settings.requiredAddressOf('admin-service');
  const key = ['x-operator-key', settings.operatorKey(address)] as const;
  return new HttpApi({ app: 'admin-service', address, key, signal });
}

/** Throws UsageFailure where address or key is missing. */
export function tenantApi({ settings, signal }: Context, app: 'ingest-api' | 'query-api'): HttpApi {
  const address = settings.requiredAddressOf(app);
  return new HttpApi({ app, address, key: ['x-api-key', settings.apiKey(address)], signal });
}

/** Shows an answer: as it came for scripts, else in lines. */
export function show({ terminal, json }: Context, document: unknown, lines: () => readonly string[]): void {
  if (json) terminal.printJson(document);
  else terminal.print(lines());
}
