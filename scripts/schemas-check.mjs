/**
 * Holds every version in schemas/ against all earlier ones, and the build against schemas/. Needs `npm run build` before,
 * and no registry. The tests of packages/avro do the same, read the golden bytes, and ask a real registry.
 */
import { readFile, readdir } from 'node:fs/promises';

import { allSubjects, checkEvolution } from '@weir/avro';

const schemas = new URL('../schemas/', import.meta.url);
const entries = await readdir(schemas, { withFileTypes: true });
const problems = [];

for (const { name: subject } of entries.filter((entry) => entry.isDirectory())) {
  const versions = await versionsOf(subject);
  problems.push(...checkEvolution(versions).map((problem) => `${subject} ${problem}`));
  for (const { version } of versions)
    if (!(await exists(`${subject}/golden/${version}.hex`))) problems.push(`${subject} ${version} has no golden bytes`);
  const built = allSubjects.find((known) => known.subject === subject)?.versions;
  if (JSON.stringify(built) !== JSON.stringify(versions))
    problems.push(`${subject} differs from the build: run \`pnpm --filter @weir/avro generate\`, then build`);
}

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
console.log(`${allSubjects.length} subjects: every version reads every other`);

/** @param {string} subject */
async function versionsOf(subject) {
  const files = (await readdir(new URL(`${subject}/`, schemas))).filter((file) => file.endsWith('.avsc'));
  const numbered = files.map((file) => ({ file, number: Number(/^v(\d+)\.avsc$/.exec(file)?.[1]) }));
  return await Promise.all(
    numbered
      .toSorted((a, b) => a.number - b.number)
      .map(async ({ file, number }) => {
        if (Number.isNaN(number)) problems.push(`${subject}/${file} is not called v<number>.avsc`);
        const text = await readFile(new URL(`${subject}/${file}`, schemas), 'utf8');
        return { version: `v${number}`, schema: JSON.stringify(JSON.parse(text)) };
      }),
  );
}

/** @param {string} path */
async function exists(path) {
  return await readFile(new URL(path, schemas)).then(
    () => true,
    () => false,
  );
}
