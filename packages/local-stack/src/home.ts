import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { StackSetupError } from './errors.js';
import { parseJsonRecord, type JsonRecord } from './json-record.js';

const LOG_ROTATION_BYTES = 20 * 1024 * 1024;

/** The directory of one stack (WEIR_HOME): its data, its logs, and the files that say what runs. */
export class StackHome {
  constructor(readonly directory: string) {}

  /** Who runs the stack, and which processes it started (see StackLock). */
  get lockFile(): string {
    return join(this.directory, 'processes.json');
  }

  /** What runs where, for people and tools (contracts.md). */
  get stackFile(): string {
    return join(this.directory, 'stack.json');
  }

  data(name: string): string {
    return join(this.directory, 'data', name);
  }

  log(name: string): string {
    return join(this.directory, 'logs', `${name}.log`);
  }

  /** Makes the directories. Logs that have grown large are put aside, one generation of each. */
  prepare(logs: readonly string[] = []): void {
    // Not 0700: PostgreSQL, which refuses to run as root, has to pass through. What is secret has a mode of its own.
    mkdirSync(join(this.directory, 'data'), { recursive: true, mode: 0o755 });
    mkdirSync(join(this.directory, 'logs'), { recursive: true, mode: 0o755 });
    for (const name of logs) {
      const file = this.log(name);
      const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
      if (size > LOG_ROTATION_BYTES) renameSync(file, `${file}.1`);
    }
  }

  /** Forgets all data and every secret. Nothing of the stack may run. */
  forget(): void {
    for (const name of ['data', 'logs', 'secrets.json', 'stack.json']) {
      rmSync(join(this.directory, name), { recursive: true, force: true, maxRetries: 5 });
    }
  }

  /** A secret of this stack, made at its first use and the same ever after. */
  secret(name: string, make: () => string = () => randomBytes(24).toString('base64url')): string {
    const secrets = this.secrets();
    const known = secrets[name];
    if (typeof known === 'string') return known;
    const made = make();
    this.keepSecret(name, made);
    return made;
  }

  /** Takes the place of what was kept under this name. */
  keepSecret(name: string, value: string): void {
    writePrivately(this.secretsFile, `${JSON.stringify({ ...this.secrets(), [name]: value }, null, 2)}\n`);
  }

  /** Whether that secret has been made. */
  knows(name: string): boolean {
    return typeof this.secrets()[name] === 'string';
  }

  private get secretsFile(): string {
    return join(this.directory, 'secrets.json');
  }

  private secrets(): JsonRecord {
    if (!existsSync(this.secretsFile)) return {};
    const secrets = parseJsonRecord(readFileSync(this.secretsFile, 'utf8'));
    if (secrets !== null) return secrets;
    throw new StackSetupError(`${this.secretsFile} cannot be read. \`npm start -- --fresh\` makes a new one.`);
  }
}

/** Replaces a file at once, readable by its owner alone. */
export function writePrivately(file: string, text: string): void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text, { mode: 0o600 });
  chmodSync(draft, 0o600); // the mode above counts only where the file is new
  renameSync(draft, file);
}
