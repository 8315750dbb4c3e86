/** This machine's figures as samples, named and measured as Prometheus would have it: base units, the unit last. */
import { readFile, statfs } from 'node:fs/promises';
import { cpus, freemem, hostname, loadavg, totalmem, uptime } from 'node:os';

/** @typedef {{ name: string, value: number, timestamp: number, labels: Record<string, string>, environment: string }} Sample */

let before = cpuTimes();

/** @returns {Promise<Sample[]>} */
export async function readHost() {
  const timestamp = Date.now();
  /** @type {(name: string, value: number, labels?: Record<string, string>) => Sample} */
  const sample = (name, value, labels = {}) => ({
    name,
    value,
    timestamp,
    labels: { host: hostname(), ...labels },
    environment: 'local',
  });
  const [load1 = 0, load5 = 0, load15 = 0] = loadavg();
  const memory = await memoryBytes();
  return [
    sample('host_load1', load1),
    sample('host_load5', load5),
    sample('host_load15', load15),
    sample('host_uptime_seconds', uptime()),
    sample('host_memory_total_bytes', memory.total),
    sample('host_memory_available_bytes', memory.available),
    sample('host_memory_used_bytes', memory.total - memory.available),
    ...cpuShares().map(({ mode, share }) => sample('host_cpu_ratio', share, { mode })),
    ...(busy === null ? [] : [sample('host_cpu_busy_ratio', busy)]),
    ...(await diskFigures(sample)),
  ];
}

/** What a process could still get, caches included, where the system says so. */
async function memoryBytes() {
  const text = await readFile('/proc/meminfo', 'utf8').catch(() => ''); // not on this system
  const available = /^MemAvailable:\s+(\d+) kB/mu.exec(text)?.[1];
  return { total: totalmem(), available: available === undefined ? freemem() : Number(available) * 1024 };
}

/** Below this much processor time the shares are chance: right after the agent's start. */
const MEANINGFUL_MS = 500;
/** @type {number | null} */
let busy = null;

/** The share of each mode in all processors' time since the call before. */
function cpuShares() {
  const now = cpuTimes();
  const spent = Object.entries(now).map(([mode, ms]) => ({ mode, ms: ms - (before[mode] ?? 0) }));
  const total = spent.reduce((sum, { ms }) => sum + ms, 0);
  if (total < MEANINGFUL_MS) return [];
  before = now;
  busy = 1 - (spent.find(({ mode }) => mode === 'idle')?.ms ?? 0) / total;
  return spent.map(({ mode, ms }) => ({ mode, share: ms / total }));
}

/** @returns {Record<string, number>} milliseconds since boot by mode, of all processors together */
function cpuTimes() {
  /** @type {Record<string, number>} */
  const sum = {};
  for (const { times } of cpus()) for (const [mode, ms] of Object.entries(times)) sum[mode] = (sum[mode] ?? 0) + ms;
  return sum;
}

/** @param {(name: string, value: number, labels?: Record<string, string>) => Sample} sample */
async function diskFigures(sample) {
  const root = await statfs('/');
  const size = root.blocks * root.bsize;
  const mount = { mount: '/' };
  const figures = [
    sample('host_disk_size_bytes', size, mount),
    sample('host_disk_available_bytes', root.bavail * root.bsize, mount),
    sample('host_disk_used_bytes', size - root.bfree * root.bsize, mount),
  ];
  for (const { device, read, written } of await diskTransfers()) {
    figures.push(sample('host_disk_read_bytes_total', read, { device }));
    figures.push(sample('host_disk_written_bytes_total', written, { device }));
  }
  return figures;
}

/** Linux, Documentation/admin-guide/iostats: sectors of 512 bytes read and written; whole disks, not their partitions. */
async function diskTransfers() {
  const text = await readFile('/proc/diskstats', 'utf8').catch(() => ''); // not on this system
  return text
    .split('\n')
    .map((line) => line.trim().split(/\s+/u))
    .filter((fields) => /^(sd[a-z]+|vd[a-z]+|xvd[a-z]+|nvme\d+n\d+|mmcblk\d+)$/u.test(fields[2] ?? ''))
    .map((fields) => ({ device: fields[2] ?? '', read: Number(fields[5]) * 512, written: Number(fields[9]) * 512 }));
}
