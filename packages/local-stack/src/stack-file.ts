import { rmSync } from 'node:fs';

import { writePrivately, type StackHome } from './home.js';

/** `.weir/stack.json`: what runs where. Readable by its owner alone, since it holds passwords and keys. */
export interface StackFile {
  readonly apps: Readonly<Record<string, { readonly url: string; readonly pid: number }>>;
  readonly engines: {
    readonly kafka: { readonly bootstrapServers: string; readonly pids: readonly number[] };
    readonly schemaRegistry: { readonly url: string; readonly pid: number };
    readonly postgres: { readonly url: string; readonly pid: number };
    readonly redis: { readonly url: string; readonly pid: number };
    /** Where the stack runs with it. */
    readonly prometheus?: { readonly url: string; readonly pid: number };
    readonly alertmanager?: { readonly url: string; readonly pid: number };
  };
  /** Null where the stack runs without its apps. */
  readonly demo: { readonly tenantId: string; readonly apiKey: string; readonly operatorKey: string } | null;
}

export function writeStackFile(home: StackHome, content: StackFile): void {
  writePrivately(home.stackFile, `${JSON.stringify(content, null, 2)}\n`);
}

export function removeStackFile(home: StackHome): void {
  rmSync(home.stackFile, { force: true });
}
