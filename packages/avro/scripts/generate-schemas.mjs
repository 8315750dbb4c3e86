// Writes src/schemas.generated.ts from the repository's schemas/, so that a built app needs no folder beside it.
import { readdir, readFile, writeFile } from 'node:fs/promises';

const schemas = new URL('../../../schemas/', import.meta.url);
const target = new URL('../src/schemas.generated.ts', import.meta.url);

const lines = [
  '// Generated from schemas/ by `pnpm --filter @weir/avro generate`; a test holds it against them.',
  '/** Every schema ever released, by subject and version: the text that is registered. */',
  'export const schemaTexts = {',
];
for (const entry of (await readdir(schemas, { withFileTypes: true })).toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
  if (!entry.isDirectory()) continue;
  lines.push(`  '${entry.name}': {`);
  const files = (await readdir(new URL(`${entry.name}/`, schemas))).filter((file) => /^v\d+\.avsc$/.test(file));
  for (const file of files.toSorted((a, b) => Number(/\d+/.exec(a)[0]) - Number(/\d+/.exec(b)[0]))) {
    const text = JSON.stringify(JSON.parse(await readFile(new URL(`${entry.name}/${file}`, schemas), 'utf8')));
    lines.push(`    ${file.replace('.avsc', '')}:`, `      '${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}',`);
  }
  lines.push('  },');
}
lines.push('} as const;', '');
await writeFile(target, lines.join('\n'));
