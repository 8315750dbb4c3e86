import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { type PrometheusEngines, startPrometheus } from '../../support/prometheus-engines.js';
import { scaledRules } from './scaled-rules.js';

const LOOK_MS = 500;

type Labels = Readonly<Record<string, string>>;

/** A real Prometheus and a real Alertmanager with what deploy/ has for them, sixty times as fast; and what they would tell people. */
export class Alarms {
  private readonly stopping = new AbortController();
  private readonly watched: Promise<void>;
  private heard: Labels[] = [];

  private constructor(private readonly engines: PrometheusEngines) {
    this.watched = this.watch();
  }

  /** `targets`: where each app serves `/metrics`, `host:port`, by its name. */
  static async start(targets: Readonly<Record<string, readonly string[]>>): Promise<Alarms> {
    return new Alarms(await startPrometheus(targets, (directory) => scaledRules(join(directory, 'rules'))));
  }

  /** Fires now, and nothing else explains it: what people are told. */
  async loud(): Promise<Labels[]> {
    const answer = await fetch(
      `${this.engines.alertmanagerUrl}/api/v2/alerts?active=true&inhibited=false&silenced=false`,
    );
    const found = ((await answer.json()) as { labels: Labels }[]).map(({ labels }) => labels);
    this.heard.push(...found);
    return found;
  }

  /** Everything critical that was loud at some moment since `forget`, each name once. */
  get criticalHeard(): string[] {
    const critical = this.heard.filter(({ severity }) => severity === 'critical');
    return [...new Set(critical.map(({ alertname = '' }) => alertname))].toSorted();
  }

  forget(): void {
    this.heard = [];
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.watched;
    await this.engines.stop();
  }

  private async watch(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      await this.loud();
      await wait(LOOK_MS);
    }
  }
}
