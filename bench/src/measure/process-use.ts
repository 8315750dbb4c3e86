import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** Linux counts processor time in ticks of a hundredth of a second for whoever reads it (proc(5), USER_HZ). */
const SECONDS_PER_TICK = 0.01;

/** What a process, with the children that it has and had, took in between. */
export interface ProcessUse {
  readonly cpuSeconds: number;
  /** The most that the process itself held at once, of real memory; its children's is not in it. */
  readonly peakBytes: number;
}

/** Looks at processes before and after some work. */
export class UseMeter {
  private readonly before: ReadonlyMap<string, number>;

  /** `pids`: by the name that they shall have in the answer. */
  constructor(private readonly pids: ReadonlyMap<string, number>) {
    for (const pid of pids.values()) forgetPeak(pid);
    this.before = cpuOf(pids);
  }

  read(): Record<string, ProcessUse> {
    const now = cpuOf(this.pids);
    return Object.fromEntries(
      [...this.pids].map(([name, pid]) => [
        name,
        { cpuSeconds: (now.get(name) ?? 0) - (this.before.get(name) ?? 0), peakBytes: peakOf(pid) },
      ]),
    );
  }
}

function cpuOf(pids: ReadonlyMap<string, number>): Map<string, number> {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name))
    .flatMap((name) => statOf(Number(name)) ?? []);
  return new Map(
    [...pids].map(([name, pid]) => {
      const own = all.find((each) => each.pid === pid);
      if (own === undefined) throw new Error(`${name} (process ${pid}) does not run.`);
      const children = all.filter((each) => each.parent === pid).reduce((sum, { ticks }) => sum + ticks, 0);
      return [name, (own.ticks + own.endedTicks + children) * SECONDS_PER_TICK];
    }),
  );
}

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
  /** Of children that ended and were waited for. */
  readonly endedTicks: number;
}

/** proc(5), /proc/pid/stat: the name in parentheses may hold spaces, so that the fields are counted from behind it. */
function statOf(pid: number): Stat | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null; // it ended meanwhile
  }
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  return { pid, parent: field(4), ticks: field(14) + field(15), endedTicks: field(16) + field(17) };
}

function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}

function peakOf(pid: number): number {
  const line = /VmHWM:\s+(\d+) kB/u.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (line === null) throw new Error(`Process ${pid} tells nothing of its memory.`);
  return Number(line[1]) * 1024;
}
