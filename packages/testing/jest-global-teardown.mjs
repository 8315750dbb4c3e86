/** Jest's global tear-down: ends the engines that jest-global-setup.mjs started. */
export default async function stopEngines() {
  if (process.env['WEIR_TEST_ENGINES'] === undefined) return; // the set-up failed before it had any
  const compiled = await import('@weir/testing/engines-of-run').catch(() => null); // not compiled: none were started
  await compiled?.stopTestEngines();
}
