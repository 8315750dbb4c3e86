import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { UsageFailure } from '../failures.js';

/** What `weir` takes from the local stack's `stack.json`: where things are, and the demo's keys. */
export interface LocalStack {
  readonly path: string;
  /** By the app's name. */
  readonly apps: ReadonlyMap<string, string>;
  readonly bootstrapServers: string | null;
  readonly schemaRegistryUrl: string | null;
  readonly apiKey: string | null;
  readonly operatorKey: string | null;
}

/** Null where no local stack runs: the file goes with it. Throws UsageFailure for a file that is there and says nothing. */
export function readLocalStack(home: string): LocalStack | null {
  const path = join(resolve(home), 'stack.json');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return null; // none runs here, or it is another user's
  }
  const content = parsed(text, path);
  const apps = Object.entries(objectIn(content, 'apps')).map(([name, app]) => [name, textIn(app, 'url')] as const);
  const engines = objectIn(content, 'engines');
  const demo = objectIn(content, 'demo');
  return {
    path,
    apps: new Map(apps.flatMap(([name, url]) => (url === null ? [] : [[name, url] as const]))),
    bootstrapServers: textIn(engines['kafka'], 'bootstrapServers'),
    schemaRegistryUrl: textIn(engines['schemaRegistry'], 'url'),
    apiKey: textIn(demo, 'apiKey'),
    operatorKey: textIn(demo, 'operatorKey'),
  };
}

function parsed(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageFailure(`${path} is no JSON.`, 'Start the local stack again, or name another one by WEIR_HOME.');
  }
}

function objectIn(value: unknown, name: string): Readonly<Record<string, unknown>> {
  const found = isRecord(value) ? value[name] : null;
  return isRecord(found) ? found : {};
}

function textIn(value: unknown, name: string): string | null {
  const found = isRecord(value) ? value[name] : null;
  return typeof found === 'string' && found !== '' ? found : null;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
