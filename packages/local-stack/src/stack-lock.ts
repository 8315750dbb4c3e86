import { existsSync, linkSync, readFileSync, rmSync } from 'node:fs';

import { codeOf } from './caught.js';
import { StackSetupError } from './errors.js';
import { writePrivately, type StackHome } from './home.js';
import { isJsonRecord, parseJsonRecord } from './json-record.js';
import { identify, isRunning, type ProcessIdentity } from './process-identity.js';

interface NamedProcess extends ProcessIdentity {
  readonly name: string;
}

interface LockContent {
  readonly supervisor: ProcessIdentity;
  readonly processes: readonly NamedProcess[];
}

/**
 * One supervisor for each WEIR_HOME, and a list of the processes that it started.
 *
 * A stack that was killed leaves its lock behind. It is recognised by the start times of the processes it names, so
 * that nobody is taken for it who was merely given the same process id later.
 */
export class StackLock {
  private constructor(
    private readonly file: string,
    private readonly supervisor: ProcessIdentity,
  ) {}

  /** Throws StackSetupError where the stack of this home runs already. What a dead one left running is ended first. */
  static acquire(home: StackHome): StackLock {
    const self = identify(process.pid) ?? { pid: process.pid, startedAt: 'unknown' };
    for (;;) {
      const running = StackLock.runningSupervisor(home);
      if (running !== null) {
        throw new StackSetupError(
          `The stack in ${home.directory} runs already (process ${running.pid}). \`npm stop\` ends it; ` +
            'WEIR_HOME and WEIR_PORT_OFFSET let a second one run beside it.',
        );
      }
      StackLock.clearStale(home);
      if (create(home.lockFile, { supervisor: self, processes: [] })) return new StackLock(home.lockFile, self);
    }
  }

  /** The supervisor that holds this home; null where none does. */
  static runningSupervisor(home: StackHome): ProcessIdentity | null {
    const content = read(home.lockFile);
    return content !== null && isRunning(content.supervisor) ? content.supervisor : null;
  }

  /** Ends what a dead supervisor left, if its reaper did not, and removes its files. Returns the names of what it ended. */
  static clearStale(home: StackHome): string[] {
    const content = read(home.lockFile);
    if (content !== null && isRunning(content.supervisor)) return [];
    const left = (content?.processes ?? []).filter((process) => isRunning(process));
    for (const { pid } of left) killGroup(pid);
    rmSync(home.lockFile, { force: true });
    rmSync(home.stackFile, { force: true });
    return left.map(({ name }) => name);
  }

  /** Writes down what runs now. */
  record(processes: readonly { readonly name: string; readonly pid: number }[]): void {
    const identified = processes.flatMap(({ name, pid }) => {
      const identity = identify(pid);
      return identity === null ? [] : [{ name, ...identity }];
    });
    writePrivately(
      this.file,
      JSON.stringify({ supervisor: this.supervisor, processes: identified } satisfies LockContent),
    );
  }

  release(): void {
    rmSync(this.file, { force: true });
  }
}

/** Makes the lock with all its content at once (a hard link); false where another starter was faster. */
function create(file: string, content: LockContent): boolean {
  const draft = `${file}.${process.pid}.new`;
  writePrivately(draft, JSON.stringify(content));
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Null where there is no lock that can be read. */
function read(file: string): LockContent | null {
  if (!existsSync(file)) return null;
  const content = parseJsonRecord(readFileSync(file, 'utf8'));
  if (content === null || !isIdentity(content['supervisor'])) return null;
  const { supervisor, processes } = content;
  return { supervisor, processes: Array.isArray(processes) ? processes.filter(isNamedProcess) : [] };
}

function isIdentity(value: unknown): value is ProcessIdentity {
  return isJsonRecord(value) && typeof value['pid'] === 'number' && typeof value['startedAt'] === 'string';
}

function isNamedProcess(value: unknown): value is NamedProcess {
  return isIdentity(value) && 'name' in value && typeof value.name === 'string';
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error;
  }
}
