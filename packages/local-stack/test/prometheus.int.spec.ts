import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { freePort, prometheusServices, prometheusUrl, Reaper, StackHome, Supervisor } from '../src/index.js';

import { isAlive, until } from './support/processes.js';

const ALERTMANAGER = fileURLToPath(new URL('../../../deploy/alertmanager/alertmanager.yml', import.meta.url));
const RULES = `
groups:
  - name: test
    rules:
      - { alert: TooWarm, expr: 'kettle_celsius > 90', labels: { severity: critical } }
`;

describe('Prometheus of the local stack', () => {
  let reaper: Reaper;
  let supervisor: Supervisor;
  let ports: { prometheus: number; alertmanager: number };
  let target: string;
  const kettle = createServer((_, answer) => answer.end('kettle_celsius 95\n'));

  beforeAll(async () => {
    const home = new StackHome(mkdtempSync(join(tmpdir(), 'weir-prometheus-')));
    home.prepare();
    reaper = new Reaper();
    reaper.remove(home.directory);
    supervisor = new Supervisor({ reaper });
    const prometheus = await freePort();
    ports = { prometheus, alertmanager: await freePort(new Set([prometheus])) };
    const rules = join(home.directory, 'rules.yml');
    writeFileSync(rules, RULES);
    await new Promise<void>((resolve) => kettle.listen(0, '127.0.0.1', resolve));
    target = `127.0.0.1:${(kettle.address() as AddressInfo).port}`;
    const services = await prometheusServices({
      home,
      ports,
      watch: { targets: { kettle: [target] }, rules, repository: 'https://weir.test', everySeconds: 1 },
      alertmanagerConfig: ALERTMANAGER,
      reaper,
      signal: new AbortController().signal,
      logFile: home.log('prometheus-packages'),
    });
    await supervisor.start(services);
  }, 120_000); // they may have to be fetched
  afterAll(async () => {
    await supervisor.stop();
    await reaper.close();
    kettle.close();
  });

  const alerts = async (): Promise<{ labels: object }[]> => {
    const answer = await fetch(`${prometheusUrl(ports.alertmanager)}/api/v2/alerts`);
    return (await answer.json()) as { labels: object }[];
  };

  it('asks its targets, judges by its rules, and tells Alertmanager, without the label that only links need', async () => {
    await until(async () => (await alerts()).length > 0, 60_000);
    expect((await alerts()).map(({ labels }) => labels)).toEqual([
      { alertname: 'TooWarm', severity: 'critical', job: 'kettle', instance: target },
    ]);
  });

  it('leaves no process behind', async () => {
    const pids = supervisor.processes().map(({ pid }) => pid);
    expect(pids).toHaveLength(2);
    await supervisor.stop();
    expect(pids.filter(isAlive)).toEqual([]);
  });
});
