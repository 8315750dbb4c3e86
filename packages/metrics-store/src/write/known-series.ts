import { randomInt } from 'node:crypto';

import { type SeriesIdentity, seriesId } from '../series-id.js';
import { KnownIds } from './known-ids.js';

/** A series as the writer holds it. */
export interface Series {
  readonly identity: SeriesIdentity;
  readonly id: Buffer;
  /** `id` in hex: sorts as PostgreSQL sorts uuids. */
  readonly hex: string;
  /** In which age of the cache its row was known to be committed; -1 is never. */
  knownIn: number;
}

export interface KnownSeriesOptions {
  /** How many identities are kept, with their ids: what is among them need not be hashed. */
  readonly identities: number;
  /** How many series are known to have a row by their ids alone. */
  readonly ids: number;
}

const FNV_PRIME = 0x01000193;

/**
 * Ids of series, and which of them are known to have a committed row.
 *
 * Bounded: two generations of `identities / 2` identities each; a generation that is full replaces the older one, so what is in
 * use stays and what is not goes. A series whose identity went is hashed anew, and still known by its id as long as that is among
 * `ids`. Forgetting that too costs one `ON CONFLICT DO NOTHING`. Remembering a row that was never committed would cost the series
 * itself: hence `confirm` after COMMIT alone (guarantees, rule 14), and `forget` whenever the database may have lost a commit.
 *
 * Found by a hash of 32 bits over the texts, which makes no string, and then compared in full. Identities that are made to
 * collide only take the place from one another.
 */
export class KnownSeries {
  private young = new Map<number, Series>();
  private old = new Map<number, Series>();
  private age = 0;
  /** Differs from process to process, so that nobody can prepare collisions. */
  private readonly seed = randomInt(2 ** 31);
  private readonly identities: number;
  private readonly ids: KnownIds;

  constructor({ identities, ids }: KnownSeriesOptions) {
    this.identities = identities;
    this.ids = new KnownIds(ids);
  }

  of(identity: SeriesIdentity): Series {
    const hash = hashOf(identity, this.seed);
    const young = this.young.get(hash);
    if (young !== undefined && isSame(young.identity, identity)) return young;
    const old = this.old.get(hash);
    const series = old !== undefined && isSame(old.identity, identity) ? old : create(identity);
    if (this.young.size >= this.identities / 2) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(hash, series);
    return series;
  }

  isKnown(series: Series): boolean {
    if (series.knownIn === this.age) return true;
    if (!this.ids.has(series.id)) return false;
    series.knownIn = this.age;
    return true;
  }

  /** Call after COMMIT alone, with the age that `currentAge` had when the transaction began. */
  confirm(series: Iterable<Series>, age: number): void {
    for (const one of series) {
      one.knownIn = age;
      if (age === this.age) this.ids.add(one.id);
    }
  }

  get currentAge(): number {
    return this.age;
  }

  forget(): void {
    this.age += 1;
    this.ids.clear();
  }
}

function create(identity: SeriesIdentity): Series {
  const { tenantId, name, environment, labels } = identity;
  const id = seriesId(identity);
  return { identity: { tenantId, name, environment, labels }, id, hex: id.toString('hex'), knownIn: -1 };
}

/** FNV-1a over UTF-16 units, and the length, so that it matters where a text ends. */
function mix(hash: number, text: string): number {
  let mixed = hash;
  for (let at = 0; at < text.length; at += 1) mixed = Math.imul(mixed ^ text.charCodeAt(at), FNV_PRIME);
  return Math.imul(mixed ^ text.length, FNV_PRIME);
}

/** The same for labels in any order. */
function hashOf({ tenantId, name, environment, labels }: SeriesIdentity, seed: number): number {
  let ofLabels = 0;
  for (const label of Object.keys(labels)) {
    const one = mix(mix(seed, label), labels[label] ?? '');
    ofLabels = (ofLabels + (one ^ (one >>> 15))) | 0;
  }
  return mix(mix(mix(seed, tenantId), name), environment ?? '') ^ ofLabels;
}

function isSame(one: SeriesIdentity, other: SeriesIdentity): boolean {
  if (one.name !== other.name || one.tenantId !== other.tenantId || one.environment !== other.environment) return false;
  const names = Object.keys(one.labels);
  if (names.length !== Object.keys(other.labels).length) return false;
  for (const label of names) if (one.labels[label] !== other.labels[label]) return false;
  return true;
}
