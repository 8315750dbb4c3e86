import { REPLAY_ID_HEADER } from '@weir/kafka';
import { eventually } from '@weir/testing';

import type { Recovery } from './recovery.js';

export type Json = Record<string, unknown>;

/** Answer of `GET /api/v1/dlq/replays/{id}`. */
export interface Replay {
  readonly id: string;
  readonly state: string;
  readonly why: string | null;
  readonly counts: Readonly<Record<string, number>>;
}

/** What an operator does with replays, by admin-service's API. */
export class Replays {
  constructor(
    private readonly recovery: Recovery,
    private readonly timeoutMs: number,
  ) {}

  call(method: string, path: string, body?: object): Promise<Json> {
    return this.recovery.operator.call(method, path, body);
  }

  /** Plans and begins; answers the replay's id. */
  async begin(filter: object, options: object): Promise<string> {
    const { hash } = await this.call('POST', '/dlq/replays/plan', { filter });
    const { id } = await this.call('POST', '/dlq/replays', { hash, ...options });
    return String(id);
  }

  /** Also while admin-service is away. `asking` is told each time before it is asked. */
  until(id: string, enough: (replay: Replay) => boolean, asking?: () => void): Promise<Replay> {
    const { timeoutMs } = this;
    const look = async (): Promise<Replay> => {
      asking?.();
      return (await this.call('GET', `/dlq/replays/${id}`)) as unknown as Replay;
    };
    return eventually(look, enough, { timeoutMs });
  }

  ended(id: string): Promise<Replay> {
    return this.until(id, ({ state }) => state === 'completed');
  }

  /** By reason, how many of the letters are in which state. */
  async countsBy(filter: string): Promise<Json[]> {
    const { items } = await this.call('GET', `/dlq/groups?${filter}`);
    return (items as { reason: string; counts: Json }[]).map(({ reason, counts }) => ({ reason, ...counts }));
  }

  /** How many records a read_committed reader finds of the replay in the source topic, and how many different ones. */
  async published(id: string): Promise<{ readonly records: number; readonly different: number }> {
    const replayed = (await this.recovery.all('raw')).filter(({ headers }) =>
      headers.some(({ key, value }) => key === REPLAY_ID_HEADER && String(value) === id),
    );
    const origins = replayed.map(({ headers }) => String(headers.findLast(({ key }) => key === 'weir-origin')?.value));
    return { records: origins.length, different: new Set(origins).size };
  }
}
