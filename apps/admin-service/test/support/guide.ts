import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

/** A page of docs/, with the commands in it that are marked to be run, each with the answer that stands below it. */
export interface Guide {
  readonly text: string;
  readonly steps: readonly { readonly command: string; readonly answer: string }[];
}

/** Throws where a marked command has no answer. */
export function readGuide(path: string): Guide {
  const text = readFileSync(new URL(`../../../../docs/${path}`, import.meta.url), 'utf8');
  const steps = [...text.matchAll(/```bash run\n([\s\S]*?)```\n\n```json\n([\s\S]*?)```/g)].map(
    ([, command = '', answer = '']) => ({ command, answer }),
  );
  if (steps.length !== text.split('```bash run').length - 1) throw new Error(`${path}: a command has no answer`);
  return { text, steps };
}

/** What the command prints, where `ADMIN` is the service's address and `KEY` an operator's. */
export async function runCommand(command: string, variables: Readonly<Record<string, string>>): Promise<string> {
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', command], {
    env: { PATH: process.env['PATH'] ?? '', ...variables },
    timeout: 20_000,
  });
  return stdout;
}

/** The same with what is another each time left out: of members that `changing` names only the type stays; a revocation stays one. */
export function lasting(value: unknown, changing: RegExp): unknown {
  if (Array.isArray(value)) return value.map((item) => lasting(item, changing));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      if (changing.test(name)) return [name, typeof member];
      return [name, name === 'revokedAt' ? member !== null : lasting(member, changing)];
    }),
  );
}
