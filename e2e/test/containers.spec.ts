import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { describe, expect, it } from '@jest/globals';
import { ENGINE_IMAGES } from '@weir/testing';
import { DCLinter } from 'dclint';
import { validate } from 'dockerfile-utils';
import { parse } from 'yaml';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const textOf = (path: string): string => readFileSync(`${root}/${path}`, 'utf8');

interface Service {
  readonly image: string;
  readonly build?: { readonly args: { readonly APP: string } };
  readonly ports: readonly string[];
  readonly volumes?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

interface PrometheusConfig {
  readonly scrape_configs: readonly Scraped[];
  readonly alerting: { readonly alertmanagers: readonly Scraped[] };
}
interface Scraped {
  readonly static_configs: readonly { readonly targets: readonly string[] }[];
}

/** As Compose reads it where nothing is set outside. */
const { services } = parse(
  textOf('docker-compose.yml').replaceAll(/\$\{\w+:-([^}]*)\}/gu, (_, usual: string) => usual),
  { merge: true },
) as { services: Readonly<Record<string, Service>> };
/** Its own declarations cannot be read by those who name files with their endings. */
const Linter = DCLinter as unknown as new (config: object) => {
  lintFiles(files: readonly string[], deeply: boolean): readonly { readonly messages: readonly object[] }[];
};
const apps = readdirSync(`${root}/apps`);
const dockerfile = textOf('deploy/docker/Dockerfile');

describe('docker-compose.yml', () => {
  it('keeps to the Compose specification', () => {
    // An image that is built here has a name all the same; and who reads the file reads from the engines to the apps.
    const rules = {
      'no-build-and-image': 0,
      'service-dependencies-alphabetical-order': 0,
      'service-keys-order': 0,
      'services-alphabetical-order': 0,
      'top-level-properties-order': 0,
    } as const;
    const linter = new Linter({ rules, quiet: false, debug: false, exclude: [] });
    const results = linter.lintFiles([`${root}/docker-compose.yml`], false);
    expect(results.map(({ messages }) => messages)).toEqual([[]]);
  });

  it('has every app, built from its own folder, and the engines that tests have', () => {
    const built = Object.entries(services).flatMap(([name, { build }]) =>
      build === undefined ? [] : [[name, build.args.APP]],
    );
    expect(Object.fromEntries(built)).toEqual(Object.fromEntries(apps.map((name) => [name, name])));
    expect([services['kafka']?.image, services['schema-registry']?.image, services['timescaledb']?.image]).toEqual([
      ENGINE_IMAGES.kafka,
      ENGINE_IMAGES.schemaRegistry,
      ENGINE_IMAGES.postgres,
    ]);
  });

  it('names the version of every image, and opens its ports to this machine alone', () => {
    for (const { image, ports } of Object.values(services)) {
      expect(image).toMatch(/:v?\d+\.\d+\.\d+/u);
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/u);
    }
  });

  it('has Prometheus scrape every app, and tell Alertmanager, where they are', () => {
    const { scrape_configs, alerting } = parse(textOf('deploy/prometheus/prometheus.yml')) as PrometheusConfig;
    const targets = [...scrape_configs, ...alerting.alertmanagers].flatMap(({ static_configs }) =>
      static_configs.flatMap((each) => each.targets),
    );
    expect(targets.toSorted()).toEqual(
      [
        ...apps.map((app) => `${app}:${services[app]?.environment?.['PORT']}`),
        'alertmanager:9093',
        'localhost:9090',
      ].toSorted(),
    );
    expect(services['alertmanager']).toBeDefined();
  });

  it('mounts nothing that is not there', () => {
    const mounted = Object.values(services).flatMap(({ volumes = [] }) =>
      volumes.filter((each) => each.startsWith('./')),
    );
    expect(mounted.length).toBeGreaterThan(3);
    const missing = mounted.map((each) => each.split(':')[0] ?? '').filter((path) => !existsSync(`${root}/${path}`));
    expect(missing).toEqual([]);
  });

  it.each(apps)('gives %s an environment that it accepts, and nothing that it does not read', async (app) => {
    const environment = services[app]?.environment ?? {};
    const script = `
      import { loadConfig, variables } from './dist/config.js';
      loadConfig(process.env);
      console.log(JSON.stringify(Object.keys(variables)));`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: `${root}/apps/${app}`,
      env: { PATH: process.env['PATH'] ?? '', NODE_ENV: 'production', HOST: '0.0.0.0', ...environment },
    });
    const read = new Set(['NODE_OPTIONS', ...(JSON.parse(stdout) as string[])]); // Node itself reads the first
    expect(Object.keys(environment).filter((name) => !read.has(name))).toEqual([]);
  });
});

describe('the image of an app', () => {
  it('is described without a fault', () => {
    expect(validate(dockerfile)).toEqual([]);
  });

  it('is built by the pnpm of this repository, and of a Node that it may run on', () => {
    const { packageManager } = JSON.parse(textOf('package.json')) as { packageManager: string };
    expect(dockerfile).toContain(`npm install --global ${packageManager}\n`);
    expect(dockerfile).toMatch(/^ARG NODE_IMAGE=node:2[24]\.\d+\.\d+-bookworm-slim$/mu);
    expect(dockerfile).toMatch(/^USER node$/mu);
  });

  it('has an app with all that it needs, from the lockfile and the packages that were fetched', async () => {
    const deploy = /&& (?<command>pnpm .* deploy .*) \/app$/mu.exec(dockerfile)?.groups?.['command'] ?? 'none';
    const [pnpm, ...args] = deploy
      .replace(' --store-dir /pnpm/store', '')
      .replaceAll('"', '')
      .replace('${APP}', 'metrics-consumer')
      .split(/\s+/u);
    expect(pnpm).toBe('pnpm');
    const place = mkdtempSync(join(tmpdir(), 'weir-image-'));
    try {
      // Of the registry it knows what the lockfile says alone, as in a build whose packages were fetched before.
      const env = { ...process.env, CI: 'true', XDG_CACHE_HOME: join(place, 'cache') };
      await run(`${root}/node_modules/.bin/pnpm`, [...args, join(place, 'app')], { cwd: root, env });
      const app = run(process.execPath, ['dist/bundle/main.js'], { cwd: join(place, 'app'), env: {} });
      await expect(app).rejects.toMatchObject({
        stdout: '',
        stderr: expect.stringContaining('DATABASE_URL is required'),
      });
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  }, 240_000);

  it('is healthy while its app says that it is ready, and not where it says otherwise or nothing', async () => {
    const { status, server, port } = await readiness();
    const check = async (): Promise<number> => {
      const outcome = run(process.execPath, [`${root}/deploy/docker/healthcheck.mjs`], { env: { PORT: String(port) } });
      return outcome.then(
        () => 0,
        ({ code }: { code: number }) => code,
      );
    };
    expect(await check()).toBe(0);
    status.ready = false;
    expect(await check()).toBe(1);
    await new Promise((resolve) => server.close(resolve));
    expect(await check()).toBe(1);
  });
});

async function readiness() {
  const status = { ready: true };
  const server = createServer(({ url }, answer) => {
    answer.writeHead(url === '/health/ready' && status.ready ? 200 : 503).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { status, server, port: (server.address() as AddressInfo).port };
}
