/**
 * Sets every subject's compatibility and registers every version in schemas/: for a deploy whose services run with
 * SCHEMA_AUTO_REGISTER=false. Does nothing where all is there. Needs `npm run build` before.
 *
 *   SCHEMA_REGISTRY_URL=http://… npm run schemas:register
 *
 * Credentials, where the registry asks for them: SCHEMA_REGISTRY_USERNAME, and SCHEMA_REGISTRY_PASSWORD or its _FILE.
 */
import { readFileSync } from 'node:fs';

import { connectSchemaRegistry, registerAll } from '@weir/avro';

/** A registry may still be starting beside the deploy; one that stays away fails it. */
const PATIENCE_MS = 30_000;

const url = given('SCHEMA_REGISTRY_URL');
if (url === undefined) throw new Error('SCHEMA_REGISTRY_URL is not set');
const username = given('SCHEMA_REGISTRY_USERNAME');
const passwordFile = given('SCHEMA_REGISTRY_PASSWORD_FILE');
const password =
  passwordFile === undefined
    ? given('SCHEMA_REGISTRY_PASSWORD')
    : readFileSync(passwordFile, 'utf8').replace(/\r?\n$/, '');

const registry = connectSchemaRegistry({
  url,
  ...(username === undefined ? {} : { username }),
  ...(password === undefined ? {} : { password }),
});
const registered = await registerAll(registry, {
  signal: AbortSignal.timeout(PATIENCE_MS),
  onRetry: ({ message }) => console.error(`waiting: ${message}`),
});
for (const { subject, version, id } of registered) console.log(`${subject} ${version}: id ${id}`);

/** @param {string} name */
function given(name) {
  return process.env[name] === '' ? undefined : process.env[name];
}
