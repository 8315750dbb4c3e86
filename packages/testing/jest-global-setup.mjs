/**
 * Jest's global set-up: starts the engines once for the whole run.
 *
 * Jest loads this file with Node itself and not through the transform, so it takes the compiled packages: `npm test`
 * compiles them before. With `WEIR_TEST_ENGINES` set nothing is started and nothing compiled is needed.
 */
import { existsSync } from 'node:fs';

export default async function startEngines() {
  if (process.env['WEIR_TEST_ENGINES'] !== undefined) return;
  if (!existsSync(new URL('./dist/engines-of-run.js', import.meta.url))) {
    throw new Error('The engines are not compiled: run `npm test`, or `npx turbo run build --filter=@weir/testing`.');
  }
  const { startTestEngines } = await import('@weir/testing/engines-of-run');
  await startTestEngines((line) => process.stderr.write(`${line}\n`));
}
