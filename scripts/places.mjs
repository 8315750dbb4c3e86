/** Where things are: the repository, the stack's directory, the cache that clones share. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/u, '');

/** WEIR_HOME, by default `.weir` in the repository. */
export const stackDirectory = resolve(repository, process.env['WEIR_HOME'] || '.weir');

/** `$XDG_CACHE_HOME/weir`, by default `~/.cache/weir`. */
export const userCache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'weir');

/** @param {string} name */
export const logOf = (name) => join(stackDirectory, 'logs', `${name}.log`);
