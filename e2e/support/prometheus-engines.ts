import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { freePort, prometheusServices, prometheusUrl, Reaper, StackHome, Supervisor } from '@weir/local-stack';

const deploy = fileURLToPath(new URL('../../deploy', import.meta.url));

/** The rules as they run in production. */
const PRODUCTION_RULES = join(deploy, 'prometheus/rules/*.yml');

/** A real Prometheus and a real Alertmanager of a test's own. */
export interface PrometheusEngines {
  readonly prometheusUrl: string;
  readonly alertmanagerUrl: string;
  stop(): Promise<void>;
}

/** `targets`: where each app serves `/metrics`, `host:port`, by its name; asked every second. `rulesFor` is given a directory that goes with the engines. */
export async function startPrometheus(
  targets: Readonly<Record<string, readonly string[]>>,
  rulesFor: (directory: string) => string = () => PRODUCTION_RULES,
): Promise<PrometheusEngines> {
  const home = new StackHome(mkdtempSync(join(tmpdir(), 'weir-prometheus-')));
  home.prepare();
  const reaper = new Reaper();
  reaper.remove(home.directory);
  const supervisor = new Supervisor({ reaper });
  const prometheus = await freePort();
  const ports = { prometheus, alertmanager: await freePort(new Set([prometheus])) };
  const services = await prometheusServices({
    home,
    ports,
    watch: {
      targets,
      rules: rulesFor(home.directory),
      repository: 'https://weir.example/repository',
      everySeconds: 1,
    },
    alertmanagerConfig: join(deploy, 'alertmanager/alertmanager.yml'),
    reaper,
    signal: new AbortController().signal,
    logFile: home.log('prometheus-packages'),
  });
  await supervisor.start(services);
  return {
    prometheusUrl: prometheusUrl(ports.prometheus),
    alertmanagerUrl: prometheusUrl(ports.alertmanager),
    stop: async () => {
      await supervisor.stop();
      await reaper.close();
    },
  };
}
