import { hash } from 'node:crypto';

import type { Connection } from 'pg';

/**
 * Which statements each connection has prepared, under names that are made of their texts.
 *
 * A name stands for the same text whoever prepared it. So behind a pooler that changes servers between two transactions it
 * never means another statement; it may only be missing there, and from then on nothing is prepared any more.
 */
export class PreparedStatements {
  private readonly names = new Map<string, string>();
  private readonly known = new WeakMap<Connection, Set<string>>();
  private givenUp = false;

  /** Whether statements are given names at all. */
  get given(): boolean {
    return !this.givenUp;
  }

  /** The name of a statement's text; empty, which is the name of one that is planned each time, once they were given up. */
  nameOf(text: string): string {
    if (this.givenUp) return '';
    const name = this.names.get(text) ?? `weir_${hash('sha256', text).slice(0, 32)}`;
    this.names.set(text, name);
    return name;
  }

  /** Names of what this connection has prepared. */
  of(connection: Connection): Set<string> {
    const known = this.known.get(connection) ?? new Set();
    this.known.set(connection, known);
    return known;
  }

  giveUp(): void {
    this.givenUp = true;
  }
}
