#!/usr/bin/env node
// Here and not in dist, so that an install finds it before anything was compiled.
import { existsSync } from 'node:fs';

const built = new URL('../dist/main.js', import.meta.url);
if (existsSync(built)) await import(built.href);
else {
  console.error('weir is not compiled yet: run `npm run setup` in this clone, or `npm start`, which does it too.');
  process.exitCode = 1;
}
