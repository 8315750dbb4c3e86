import { execFile } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterEach, describe, expect, it } from '@jest/globals';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

const PNPM = 'pnpm-10.34.9';
const SOURCE = 'packages/errors/src/index.ts';
const COMPILED = 'packages/errors/dist/index.js';

/** Compiles what there is into what there is to be, and writes down that it was asked. */
const TURBO = `#!/bin/sh
echo turbo >> "$CLONE/asked"
[ ! -e "$CLONE/broken" ] || { echo 'error TS2322: not a number'; exit 2; }
mkdir -p "$CLONE/packages/errors/dist"
cp "$CLONE/${SOURCE}" "$CLONE/${COMPILED}"
[ ! -e "$CLONE/edited-meanwhile" ] || { rm "$CLONE/edited-meanwhile"; echo '// more' >> "$CLONE/${SOURCE}"; }
`;
const INSTALL = '#!/bin/sh\necho pnpm >> "$CLONE/asked"\n';
const JAVA = '#!/bin/sh\necho \'openjdk version "21.0.1"\' >&2\n';

/** A clone with the scripts of this one and one package; pnpm, turbo and Java are said to be there, and do what they are needed for here. */
class Clone {
  readonly directory = mkdtempSync(join(tmpdir(), 'weir-setup-'));
  private readonly environment = {
    ...process.env,
    CLONE: this.directory,
    JAVA_HOME: '',
    WEIR_HOME: this.path('home'),
    XDG_CACHE_HOME: this.path('cache'),
    PATH: `${this.path('programs')}:${process.env['PATH'] ?? ''}`,
  };

  constructor() {
    cpSync(join(root, 'scripts'), this.path('scripts'), {
      recursive: true,
      filter: (source) => !source.includes('node_modules'),
    });
    for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'tsconfig.base.json', 'turbo.json'])
      this.write(file, file);
    this.write('package.json', '{"type":"module"}');
    this.write('apps/ingest-api/src/main.ts', '');
    this.write('packages/errors/package.json', '{}');
    this.write(SOURCE, 'export {};\n');
    this.write('node_modules/.bin/turbo', TURBO, 0o755);
    this.write(`cache/weir/${PNPM}/node_modules/.bin/pnpm`, INSTALL, 0o755);
    this.write('programs/java', JAVA, 0o755);
    this.write('programs/mvn', INSTALL.replace('pnpm', 'mvn'), 0o755);
    const features = "exports.features = 'gzip snappy lz4 zstd ssl sasl_plain sasl_scram'.split(' ');";
    this.write('node_modules/@confluentinc/kafka-javascript/index.js', features);
    this.write('node_modules/@confluentinc/kafka-javascript/package.json', '{}');
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  write(name: string, text: string, mode = 0o644): void {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), text);
    chmodSync(this.path(name), mode);
  }

  /** Makes it ready, as `npm start` does first; answers which of its programs were run for that. */
  async setUp(): Promise<string[]> {
    this.write('asked', '');
    await run(process.execPath, [this.path('scripts/setup.mjs')], { env: this.environment });
    return readFileSync(this.path('asked'), 'utf8').split('\n').filter(Boolean);
  }
}

describe('npm run setup, and so npm start and npm test', () => {
  const clones: Clone[] = [];
  const clone = (): Clone => {
    const made = new Clone();
    clones.push(made);
    return made;
  };
  afterEach(() => {
    for (const { directory } of clones.splice(0)) rmSync(directory, { recursive: true, force: true });
  });

  it('installs and compiles at first, and then asks nobody while nothing changes', async () => {
    const fresh = clone();
    expect(await fresh.setUp()).toEqual(['pnpm', 'turbo']);
    expect(await fresh.setUp()).toEqual([]);
  });

  it.each<[what: string, change: (clone: Clone) => void]>([
    ['an edited source', (changed) => appendFileSync(changed.path(SOURCE), 'export const one = 1;\n')],
    [
      'a source that was edited, as long as before, with its time set back',
      (changed) => {
        const { atime, mtime } = statSync(changed.path(SOURCE));
        writeFileSync(changed.path(SOURCE), 'export [];\n');
        utimesSync(changed.path(SOURCE), atime, mtime);
      },
    ],
    ['a source that is new', (changed) => changed.write('apps/ingest-api/src/config.ts', '')],
    ['a source that is gone', (changed) => rmSync(changed.path('apps/ingest-api/src/main.ts'))],
    ['a package that is new', (changed) => changed.write('packages/topics/package.json', '{}')],
    ["a package's settings", (changed) => changed.write('packages/errors/package.json', '{"version":"2"}')],
    ["the compiler's settings", (changed) => changed.write('tsconfig.base.json', '{}')],
    ['what is compiled, edited', (changed) => appendFileSync(changed.path(COMPILED), '//')],
    ['what is compiled, gone', (changed) => rmSync(changed.path(COMPILED))],
    ['a whole dist, gone', (changed) => rmSync(dirname(changed.path(COMPILED)), { recursive: true })],
  ])('compiles again where this changed: %s', async (_what, change) => {
    const changed = clone();
    await changed.setUp();
    change(changed);
    expect(await changed.setUp()).toEqual(['turbo']);
    expect(existsSync(changed.path(COMPILED))).toBe(true);
    expect(await changed.setUp()).toEqual([]);
  });

  it('installs and compiles again where the lockfile changed', async () => {
    const changed = clone();
    await changed.setUp();
    changed.write('pnpm-lock.yaml', 'another');
    expect(await changed.setUp()).toEqual(['pnpm', 'turbo']);
  });

  it('compiles again what was edited while it was compiled', async () => {
    const edited = clone();
    edited.write('edited-meanwhile', '');
    await edited.setUp();
    expect(await edited.setUp()).toEqual(['turbo']);
    expect(await edited.setUp()).toEqual([]);
  });

  it('says what does not compile, each time until it does', async () => {
    const broken = clone();
    broken.write('broken', '');
    await expect(broken.setUp()).rejects.toThrow(/Compiling failed \(exit code 2\):\n\s+error TS2322: not a number/);
    await expect(broken.setUp()).rejects.toThrow(/Compiling failed/);
    rmSync(broken.path('broken'));
    expect(await broken.setUp()).toEqual(['turbo']);
  });
});
