/** Starts three brokers that listen for SASL_SSL too, a registry and a PostgreSQL that tests may kill. */
export default async function startEngines() {
  if (process.env['WEIR_TEST_ENGINES'] !== undefined)
    throw new Error('The fault tests kill their engines, so they start them themselves: unset WEIR_TEST_ENGINES.');
  const { startTestEngines } = await import('@weir/testing/engines-of-run');
  await startTestEngines((line) => process.stderr.write(`${line}\n`), { brokers: 3, faults: true, secured: true });
}
