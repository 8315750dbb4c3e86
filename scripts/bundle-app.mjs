/**
 * Puts a compiled app and all that it imports into one module, dist/bundle/main.js: an app has some 3,000 modules, and to find and link
 * them takes most of its start. Run in the app's folder.
 *
 * Guarantees: classes keep their names, which TypeORM and Nest go by. What is not installed is left to the one who would load it.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { rolldown } from 'rolldown';

const DIRECTORY = resolve('dist/bundle');

/** Packages that find files beside themselves, and so stay where they are: which of ours to ask for them. */
const LEFT_IN_PLACE = new Map([['@confluentinc/kafka-javascript', '@weir/kafka']]);

/** Compiled here. */
const OWN = /^(?!.*\/node_modules\/).*\/(?:apps|packages)\/[^/]+\/dist\/.*\.js$/u;

/** It looks for the files of its pages from where it is itself. */
const SWAGGER = /\/@nestjs\/swagger\/.*\.js$/u;
const OWN_PLACE = 'createRequire(import.meta.url)';
const SWAGGERS_PLACE = `createRequire(['@weir/nest-service', '@nestjs/swagger'].reduce((at, name) => createRequire(at).resolve(name), import.meta.url))`;

/** @type {import('rolldown').Plugin} */
const places = {
  name: 'places',
  resolveId: {
    order: 'pre',
    async handler(name, importer, options) {
      if (/^(?:node:|[./\0])/u.test(name)) return null;
      if (LEFT_IN_PLACE.has(name)) return `\0left:${name}`;
      const found = await this.resolve(name, importer, { ...options, skipSelf: true });
      return found ?? { id: name, external: true };
    },
  },
  load(id) {
    const [, name = ''] = id.split('\0left:');
    const dependent = LEFT_IN_PLACE.get(name);
    if (dependent === undefined) return withMap(id);
    return `const { createRequire } = require('node:module');
      module.exports = createRequire(createRequire(__filename).resolve('${dependent}'))('${name}');`;
  },
  transform(code, id) {
    if (!SWAGGER.test(id) || !code.includes(OWN_PLACE)) return null;
    return { code: code.replaceAll(OWN_PLACE, SWAGGERS_PLACE), map: null };
  },
};

/**
 * With what leads back to the TypeScript, which a stack trace shows. Of what others wrote nothing is kept: Node holds all of a map in
 * memory, in objects, from the first stack trace on.
 *
 * @param {string} id
 */
function withMap(id) {
  if (!/\.[cm]?js$/u.test(id)) return null;
  return { code: readFileSync(id, 'utf8'), map: OWN.test(id) ? readFileSync(`${id}.map`, 'utf8') : { mappings: '' } };
}

rmSync(DIRECTORY, { recursive: true, force: true });
const app = await rolldown({
  input: 'dist/main.js',
  platform: 'node',
  plugins: [places],
  onLog: (level, log, pass) =>
    log.code === 'EVAL' || log.code === 'CIRCULAR_DEPENDENCY' ? undefined : pass(level, log),
});
await app.write({
  file: join(DIRECTORY, 'main.js'),
  format: 'esm',
  codeSplitting: false,
  keepNames: true,
  comments: { legal: true, annotation: false, jsdoc: false },
  // In Latin letters alone V8 holds the text in one byte each, and not in two.
  minify: { compress: false, mangle: false, codegen: { removeWhitespace: false, asciiOnly: true } },
  sourcemap: true,
  sourcemapExcludeSources: true,
});
