/** What watches the stack, where it is asked for: Prometheus with the rules of deploy/prometheus, and Alertmanager. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { HOST, prometheusPorts, prometheusServices, prometheusUrl } from '@weir/local-stack';

import { apps } from './apps.mjs';
import { repository } from './places.mjs';

/**
 * @typedef {object} Watching
 * @property {string} prometheusUrl
 * @property {string} alertmanagerUrl
 * @property {string[]} instructions for people, line by line
 */

/**
 * Starts both; the apps need not run.
 *
 * @param {Pick<import('./app-stack.mjs').Parts, 'home' | 'offset' | 'supervisor' | 'say' | 'signal'> & { reaper: import('@weir/local-stack').Reaper }} parts
 * @returns {Promise<Watching>}
 */
export async function startWatching({ home, offset, reaper, supervisor, say, signal }) {
  const ports = prometheusPorts(offset);
  const services = await prometheusServices({
    home,
    ports,
    watch: {
      targets: Object.fromEntries(apps.map(({ name, port }) => [name, [`${HOST}:${port + offset}`]])),
      rules: join(repository, 'deploy/prometheus/rules/*.yml'),
      repository: pathToFileURL(repository).href,
    },
    alertmanagerConfig: join(repository, 'deploy/alertmanager/alertmanager.yml'),
    reaper,
    signal,
    logFile: home.log('prometheus-packages'),
    onLine: say,
  });
  await supervisor.start(services);
  const url = prometheusUrl(ports.prometheus);
  const alertmanagerUrl = prometheusUrl(ports.alertmanager);
  return {
    prometheusUrl: url,
    alertmanagerUrl,
    instructions: [
      '',
      `Prometheus (${url}) watches every app. What fires, and what is left where one thing explains another:`,
      `  curl -sS '${url}/api/v1/alerts'`,
      `  curl -sS '${alertmanagerUrl}/api/v2/alerts?inhibited=false'`,
    ],
  };
}
