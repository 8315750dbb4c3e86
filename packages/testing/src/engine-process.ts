import { readdirSync, readFileSync } from 'node:fs';
import { types } from 'node:util';

/**
 * One process of the engines of this run, for tests that take engines away. Linux only.
 *
 * A killed one is started again by the run itself a few seconds later, under another id.
 */
export class EngineProcess {
  private frozen: number[] = [];

  /** `kafka-1` to `kafka-3`, or `kafka` where there is one; `schema-registry`; `postgres`. */
  constructor(readonly name: string) {}

  /** Throws where it does not run now. */
  get pid(): number {
    const pid = processes().get(this.name);
    if (pid === undefined || !signal(pid, 0)) throw new Error(`${this.name} does not run now`);
    return pid;
  }

  /** Stops it and all its children where they stand; connections stay open and nothing answers. */
  freeze(): void {
    this.frozen = family(this.pid);
    for (const pid of this.frozen) signal(pid, 'SIGSTOP');
  }

  /** Lets what was frozen go on. */
  thaw(): void {
    for (const pid of this.frozen.splice(0)) signal(pid, 'SIGCONT');
  }

  /** Ends it without a word, and answers the id that it had. */
  kill(): number {
    const { pid } = this;
    signal(pid, 'SIGKILL');
    return pid;
  }
}

/** The file has a line for each: its name, a space, its id. */
function processes(): ReadonlyMap<string, number> {
  const file = process.env['WEIR_TEST_PROCESSES'];
  if (file === undefined) throw new Error('These engines cannot be taken away: the run was given them.');
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return new Map(lines.map((line) => [line.split(' ')[0] ?? '', Number(line.split(' ')[1])]));
}

/** The process and everything below it. */
function family(root: number): number[] {
  const parents = readdirSync('/proc')
    .filter((entry) => /^\d+$/u.test(entry))
    .map((entry) => [Number(entry), parentOf(entry)] as const);
  const members = [root];
  for (const member of members) members.push(...parents.filter(([, parent]) => parent === member).map(([pid]) => pid));
  return members;
}

/** proc(5), field 4; 0 where the process ended meanwhile. */
function parentOf(pid: string): number {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1]);
  } catch {
    return 0;
  }
}

/** Whether the process was there. */
function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    // Within Jest an error of Node's is no instance of the test's Error.
    if (types.isNativeError(error) && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}
