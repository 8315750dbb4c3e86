// Stands for a starter: hands the reaper a process of each kind, as ManagedProcess does, and never stops them itself.
import { spawn } from 'node:child_process';

const [reaperProgram, directory, ...programs] = process.argv.slice(2);
const reaper = spawn(process.execPath, [String(reaperProgram)], {
  detached: true,
  stdio: ['pipe', 'ignore', 'ignore'],
});
reaper.stdin.write(`remove\t${directory}\n`);
const children = programs.map((program) => {
  const child = spawn(process.execPath, ['-e', program], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  reaper.stdin.write(`watch\t${child.pid}\tSIGTERM\n`);
  return child;
});
// Each says a word once it listens to signals.
await Promise.all(children.map(({ stdout }) => new Promise((resolve) => stdout.once('data', resolve))));
console.log(JSON.stringify({ reaper: reaper.pid, children: children.map(({ pid }) => pid) }));
