import { readFileSync } from 'node:fs';
import { basename } from 'node:path';

import { parse, type Spec, View } from 'vega';

/** A CPU profile as V8 writes it with `--cpu-prof` (Chrome DevTools Protocol, `Profiler.Profile`); times in microseconds. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  /** Which node each sample found at work. */
  readonly samples?: readonly number[];
  /** How long before each sample the one before it was. */
  readonly timeDeltas?: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

/** A function as it was called from the one above it. */
export interface Frame {
  readonly id: number;
  /** Null of the one that holds all others. */
  readonly parent: number | null;
  readonly name: string;
  /** What it belongs to: `weir`, `node`, `v8`, or the name of a package. */
  readonly owner: string;
  /** Microseconds of its own, with those of what it called that is too little to be shown. */
  own: number;
}

interface Grown extends Frame {
  total: number;
  readonly callees: Map<string, Grown>;
}

const WIDTH = 1_200;
const ROW = 16;
/** What has less of the whole is counted for its caller. */
const SMALLEST = 0.004;
const NAMED = 30;
/** Where Node.js loads modules, which is what an app does as it starts. */
const LOADING = 'node:internal/modules/';
const COLOURS: Readonly<Record<string, string>> = { weir: '#8fbbdc', node: '#d5dbe1', v8: '#b9a3d0' };
const DEPENDENCY = '#ecc488';
/** Owners each of whose functions is a frame. */
const KEPT = new Set(Object.keys(COLOURS));

/**
 * Which app wrote a profile, and what its main thread did, as an SVG image: callers above what they called, each as wide as its share of the
 * time that it worked once it was loaded. Null where it is of no app.
 */
export async function flameGraphOf(file: string): Promise<{ app: string; svg: string } | null> {
  const profile = JSON.parse(readFileSync(file, 'utf8')) as CpuProfile;
  const bundle = profile.nodes.map(({ callFrame: { url } }) => url).find((url) => APP.test(url));
  const app = APP.exec(bundle ?? '')?.groups?.['app'];
  if (bundle === undefined || app === undefined) return null;
  const frames = framesOf(profile, modulesOf(readFileSync(new URL(bundle), 'utf8'), bundle));
  return { app, svg: await drawn(app, frames) };
}

const APP = /^file:.*\/apps\/(?<app>[^/]+)\/dist\//u;

type ModuleOf = (frame: ProfileNode['callFrame']) => string;

/** The path of each function's module. An app is one file, in which a comment stands before each module that went into it. */
export function modulesOf(source: string, bundle: string): ModuleOf {
  let module = bundle;
  const modules = source.split('\n').map((line) => {
    module = /^\/\/ (?<path>\S+\.[cm]?js)$/u.exec(line)?.groups?.['path'] ?? module;
    return module;
  });
  return ({ url, lineNumber }) => (url === bundle ? (modules[lineNumber] ?? url) : url);
}

function ownerOf(module: string, functionName: string): string {
  if (module === '') return functionName.startsWith('(') ? 'v8' : 'node';
  if (module.startsWith('node:')) return 'node';
  return /.*\/node_modules\/(?<name>(?:@[^/]+\/)?[^/]+)/u.exec(module)?.groups?.['name'] ?? 'weir';
}

/**
 * What was at work, by who called whom; without idleness, the loading of modules and what is too little to be seen. What a package calls
 * within itself is one frame: its name is that of what was called from outside.
 */
export function framesOf({ nodes, samples = [], timeDeltas = [] }: CpuProfile, moduleOf: ModuleOf): readonly Frame[] {
  const own = new Map<number, number>();
  samples.forEach((id, i) => own.set(id, (own.get(id) ?? 0) + (timeDeltas[i] ?? 0)));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  let count = 0;
  const frame = (parent: number | null, name: string, owner: string): Grown => {
    return { id: (count += 1), parent, name, owner, own: 0, total: 0, callees: new Map() };
  };
  const calleeOf = (caller: Grown, of: ProfileNode['callFrame']): Grown => {
    const { functionName, lineNumber, url } = of;
    const module = moduleOf(of);
    const owner = ownerOf(module, functionName);
    if (owner === caller.owner && !KEPT.has(owner)) return caller;
    const key = `${functionName} ${lineNumber} ${url}`; // V8 tells a function apart by each of its optimised forms
    const callee = caller.callees.get(key) ?? frame(caller.id, functionName || basename(module), owner);
    caller.callees.set(key, callee);
    return callee;
  };
  const grow = (caller: Grown, ids: readonly number[]): void => {
    for (const node of ids.flatMap((id) => byId.get(id) ?? [])) {
      if (node.callFrame.functionName === '(idle)' || node.callFrame.url.startsWith(LOADING)) continue;
      const callee = calleeOf(caller, node.callFrame);
      callee.own += own.get(node.id) ?? 0;
      grow(callee, node.children ?? []);
    }
  };
  const root = frame(null, 'at work', 'v8');
  grow(root, nodes[0]?.children ?? []);
  return shown(root, summed(root) * SMALLEST);
}

function summed(frame: Grown): number {
  for (const callee of frame.callees.values()) summed(callee);
  frame.total = frame.own + sumOf(frame.callees.values());
  return frame.total;
}

function sumOf(frames: Iterable<Grown>): number {
  return [...frames].reduce((sum, { total }) => sum + total, 0);
}

function shown({ callees, total: _total, ...frame }: Grown, least: number): readonly Frame[] {
  const all = [...callees.values()];
  const small = all.filter(({ total }) => total < least);
  const large = all.filter(({ total }) => total >= least);
  return [{ ...frame, own: frame.own + sumOf(small) }, ...large.flatMap((callee) => shown(callee, least))];
}

function drawn(app: string, frames: readonly Frame[]): Promise<string> {
  const rows = depthOf(frames);
  const ms = frames.reduce((sum, { own }) => sum + own, 0) / 1_000;
  const total = `${Math.round(ms).toLocaleString('en')} ms of processor time`;
  const values = frames.map(({ name, owner, ...frame }) => ({
    ...frame,
    told: KEPT.has(owner) ? name : `${owner}: ${name}`,
    colour: COLOURS[owner] ?? DEPENDENCY,
  }));
  const place = {
    x: { field: 'x0' },
    x2: { field: 'x1' },
    y: { field: 'y0' },
    y2: { field: 'y1' },
  };
  const text = {
    text: { field: 'told' },
    x: { field: 'x0', offset: 3 },
    y: { field: 'y0', offset: ROW - 5 },
    limit: { signal: 'datum.x1 - datum.x0 - 6' },
    fontSize: { value: 10 },
  };
  const spec: Spec = {
    $schema: 'https://vega.github.io/schema/vega/v6.json',
    background: 'white',
    padding: 8,
    width: WIDTH,
    height: rows * ROW,
    title: {
      text: `${app}, its main thread: ${total}`,
      subtitle: 'callers above what they call; blue: Weir, orange: packages, grey: Node.js, violet: V8',
      anchor: 'start',
    },
    data: [
      {
        name: 'frames',
        values,
        transform: [
          { type: 'stratify', key: 'id', parentKey: 'parent' },
          { type: 'partition', field: 'own', sort: { field: 'value', order: 'descending' }, size: [WIDTH, rows * ROW] },
        ],
      },
      { name: 'named', source: 'frames', transform: [{ type: 'filter', expr: `datum.x1 - datum.x0 > ${NAMED}` }] },
    ],
    marks: [
      {
        type: 'rect',
        from: { data: 'frames' },
        encode: { enter: { ...place, fill: { field: 'colour' }, stroke: { value: 'white' } } },
      },
      { type: 'text', from: { data: 'named' }, encode: { enter: text } },
    ],
  };
  return new View(parse(spec), { renderer: 'none' }).toSVG();
}

/** How many frames lie upon one another at most. A caller stands before what it called. */
function depthOf(frames: readonly Frame[]): number {
  const depths = new Map<number | null, number>([[null, 0]]);
  for (const { id, parent } of frames) depths.set(id, (depths.get(parent) ?? 0) + 1);
  return Math.max(...depths.values());
}
