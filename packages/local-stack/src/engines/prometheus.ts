import { mkdirSync, writeFileSync } from 'node:fs';

import type { StackHome } from '../home.js';
import { HOST, type PrometheusPorts } from '../ports.js';
import type { Service } from '../service.js';
import { type FetchPrograms, type PrometheusPrograms, prometheusPrograms, versionOf } from './prometheus-programs.js';

/** What Prometheus watches, and by which rules. */
export interface Watch {
  /** Where each app serves `/metrics`, `host:port`, by its name. */
  readonly targets: Readonly<Record<string, readonly string[]>>;
  /** The files with the rules; `*` stands for any name. */
  readonly rules: string;
  /** Where this repository can be read, for links to runbooks. */
  readonly repository: string;
  /** How often it asks and judges; 5 s unless given. */
  readonly everySeconds?: number;
}

export interface PrometheusSetup extends FetchPrograms {
  readonly home: StackHome;
  readonly ports: PrometheusPorts;
  readonly watch: Watch;
  /** The file with Alertmanager's configuration. */
  readonly alertmanagerConfig: string;
}

type Setup = PrometheusSetup & { readonly programs: PrometheusPrograms };

export const prometheusUrl = (port: number): string => `http://${HOST}:${port}`;

/** Prometheus and Alertmanager, to be started together; their programs are fetched first where they are not there yet. */
export async function prometheusServices(setup: PrometheusSetup): Promise<Service[]> {
  const programs = await prometheusPrograms(setup);
  return [prometheusService({ ...setup, programs }), alertmanagerService({ ...setup, programs })];
}

/** Its configuration is made for the ports of this stack. */
function prometheusService({ home, programs, ports, watch }: Setup): Service {
  const configFile = home.data('prometheus.json');
  const data = home.data('prometheus');
  return {
    name: 'prometheus',
    title: `Prometheus ${versionOf(programs.prometheus)}`,
    address: prometheusUrl(ports.prometheus),
    ports: [ports.prometheus],
    logFile: home.log('prometheus'),
    readyTimeoutMs: 60_000,
    prepare: () => {
      mkdirSync(data, { recursive: true });
      writeFileSync(configFile, prometheusConfig(watch, ports.alertmanager));
      return Promise.resolve();
    },
    command: () => ({
      file: programs.prometheus,
      args: [
        `--config.file=${configFile}`,
        `--storage.tsdb.path=${data}`,
        '--storage.tsdb.retention.time=2d',
        '--storage.tsdb.retention.size=512MB',
        `--web.listen-address=${HOST}:${ports.prometheus}`,
        ...(programs.shared === null ? [] : [`--web.local-assets=${programs.shared.web}`]),
      ],
      cwd: home.directory,
    }),
    probe: (signal) => probeReady(prometheusUrl(ports.prometheus), signal),
  };
}

/** It keeps over a restart what was silenced. */
function alertmanagerService({ home, programs, ports, alertmanagerConfig }: Setup): Service {
  return {
    name: 'alertmanager',
    title: `Alertmanager ${versionOf(programs.alertmanager)}`,
    address: prometheusUrl(ports.alertmanager),
    ports: [ports.alertmanager],
    logFile: home.log('alertmanager'),
    readyTimeoutMs: 20_000,
    command: () => ({
      file: programs.alertmanager,
      args: [
        `--config.file=${alertmanagerConfig}`,
        `--storage.path=${home.data('alertmanager')}`,
        `--web.listen-address=${HOST}:${ports.alertmanager}`,
        '--cluster.listen-address=', // it is alone
      ],
      cwd: programs.shared?.alertmanager ?? home.directory,
    }),
    probe: (signal) => probeReady(prometheusUrl(ports.alertmanager), signal),
  };
}

/** As deploy/prometheus/prometheus.yml. JSON is YAML. */
export function prometheusConfig(watch: Watch, alertmanagerPort: number): string {
  const interval = `${watch.everySeconds ?? 5}s`;
  const jobs = Object.entries(watch.targets).map(([name, targets]) => ({
    job_name: name,
    static_configs: [{ targets }],
  }));
  return JSON.stringify(
    {
      global: {
        scrape_interval: interval,
        scrape_timeout: interval,
        evaluation_interval: interval,
        external_labels: { repository: watch.repository },
      },
      rule_files: [watch.rules],
      alerting: {
        alert_relabel_configs: [{ action: 'labeldrop', regex: 'repository' }],
        alertmanagers: [{ static_configs: [{ targets: [`${HOST}:${alertmanagerPort}`] }] }],
      },
      scrape_configs: jobs,
    },
    null,
    2,
  );
}

/** Both answer 200 there once they take requests. */
async function probeReady(url: string, signal: AbortSignal): Promise<void> {
  const { status } = await fetch(`${url}/-/ready`, { signal });
  if (status !== 200) throw new Error(`/-/ready answers ${status}`);
}
