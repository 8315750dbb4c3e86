import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { describeVariables } from '@weir/config';

/**
 * @typedef {object} App One app's environment, as its `src/config.ts` declares it.
 * @property {string} name
 * @property {readonly import('@weir/config').VariableDescription[]} variables
 * @property {(env: import('@weir/config').Environment) => unknown} loadConfig
 */

const root = fileURLToPath(new URL('../..', import.meta.url));

/** @returns {Promise<readonly App[]>} every app that has a configuration, in the order of their ports */
export async function appsWithConfiguration() {
  const names = readdirSync(`${root}/apps`).filter((name) => existsSync(`${root}/apps/${name}/src/config.ts`));
  const apps = await Promise.all(
    names.map(async (name) => {
      const config = /** @type {{variables: import('@weir/config').Variables, loadConfig: App['loadConfig']}} */ (
        await import(pathToFileURL(`${root}/apps/${name}/src/config.ts`).href)
      );
      return { name, variables: describeVariables(config.variables), loadConfig: config.loadConfig };
    }),
  );
  return apps.toSorted((a, b) => portOf(a) - portOf(b));
}

/** @param {App} app */
const portOf = ({ variables }) => Number(variables.find(({ name }) => name === 'PORT')?.default ?? 0);
