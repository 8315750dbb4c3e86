import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type PrometheusPrograms, prometheusConfig, prometheusPrograms, Reaper } from '@weir/local-stack';
import { parse } from 'yaml';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');
const RULES = 'deploy/prometheus/rules';
const TESTS = 'deploy/prometheus/tests';
const ALERTMANAGER = 'deploy/alertmanager/alertmanager.yml';
const PROMETHEUS = 'deploy/prometheus/prometheus.yml';
/** The programs may have to be fetched first. */
const FETCH_MS = 180_000;

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}
interface Alert extends Rule {
  readonly alert: string;
}
interface RuleTests {
  readonly tests: readonly {
    readonly name: string;
    readonly alert_rule_test: readonly {
      readonly alertname: string;
      readonly exp_alerts?: readonly { readonly exp_labels: Readonly<Record<string, string>> }[];
    }[];
  }[];
}

const rules = readdirSync(join(root, RULES)).flatMap((file) =>
  (parse(textOf(`${RULES}/${file}`)) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules),
);
const alerts = rules.filter((rule): rule is Alert => rule.alert !== undefined);
const names = [...new Set(alerts.map(({ alert }) => alert))];
const testFiles = readdirSync(join(root, TESTS)).filter((file) => file.endsWith('.test.yml'));
const cases = testFiles.flatMap((file) =>
  (parse(textOf(`${TESTS}/${file}`)) as RuleTests).tests.flatMap((group) => group.alert_rule_test),
);
const kebab = (name: string): string => name.replaceAll(/(?<!^)(?=[A-Z])/gu, '-').toLowerCase();

/** Each metric with its labels, from the page that a test holds to the catalogue. */
const catalogue = new Map<string, readonly string[]>(
  [...textOf('docs/reference/metrics.md').matchAll(/^\| `((?:kafka|weir)_\w+)` +\| (\w+) +\|([^|]*)\|/gmu)].map(
    ([, name = '', , labels = '']) => [name, [...labels.matchAll(/`(\w+)`/gu)].map(([, label = '']) => label)],
  ),
);

describe('alerts, by the programs that use them', () => {
  const reaper = new Reaper();
  const directory = mkdtempSync(join(tmpdir(), 'weir-alerts-'));
  let programs: PrometheusPrograms;

  beforeAll(async () => {
    const signal = new AbortController().signal;
    programs = await prometheusPrograms({ reaper, signal, logFile: join(directory, 'fetch.log') });
  }, FETCH_MS);
  afterAll(async () => {
    await reaper.close();
    rmSync(directory, { recursive: true });
  });

  it('are configured as Prometheus understands it, without a doubt', async () => {
    const checks = run(programs.promtool, ['check', 'config', '--lint=all', '--lint-fatal', PROMETHEUS], { cwd: root });
    await expect(checks).resolves.toBeDefined();
  });

  it.each(testFiles)(
    'fire and stay quiet as %s says',
    async (file) => {
      const tested = run(programs.promtool, ['test', 'rules', `${TESTS}/${file}`], { cwd: root });
      await expect(tested).resolves.toBeDefined();
    },
    120_000,
  );

  it('are routed and inhibited as Alertmanager understands it', async () => {
    await expect(run(programs.amtool, ['check-config', ALERTMANAGER], { cwd: root })).resolves.toBeDefined();
  });

  it.each([
    [['severity=critical', 'alertname=WeirDatabaseDown'], 'on-call'],
    [['severity=warning', 'alertname=KafkaConsumerLag'], 'team'],
  ])('with %j go to %s', async (labels, receiver) => {
    const { stdout } = await run(
      programs.amtool,
      ['config', 'routes', 'test', '--config.file', ALERTMANAGER, ...labels],
      {
        cwd: root,
      },
    );
    expect(stdout.trim()).toBe(receiver);
  });
});

describe('every alert', () => {
  it.each(alerts.map((alert) => [alert.alert, alert.labels?.['severity'], alert] as const))(
    '%s (%s) has a severity, a summary with its number, and a runbook',
    (name, severity, { annotations }) => {
      expect(['critical', 'warning']).toContain(severity);
      expect(annotations?.['summary']).toMatch(/\{\{ (?:printf "[^"]+" )?\$value/u);
      expect(annotations?.['runbook_url']).toBe(`{{ $externalLabels.repository }}/docs/runbooks/${kebab(name)}.md`);
    },
  );

  it.each(alerts.map((alert) => [alert.alert, alert.labels ?? {}] as const))(
    '%s with %j is seen firing, and its name is seen quiet',
    (name, labels) => {
      const own = cases.filter(({ alertname }) => alertname === name);
      const fired = own.flatMap(({ exp_alerts = [] }) => exp_alerts.map(({ exp_labels }) => exp_labels));
      expect(fired).toContainEqual(expect.objectContaining(labels));
      expect(own.filter(({ exp_alerts = [] }) => exp_alerts.length === 0).length).toBeGreaterThanOrEqual(2);
    },
  );

  it.each(names)(
    '%s has a page that says what it means, what follows, how to see it, what to do, and when it is over',
    (name) => {
      const page = textOf(`docs/runbooks/${kebab(name)}.md`);
      expect(page.startsWith(`# ${name}\n`)).toBe(true);
      expect([...page.matchAll(/^## (.+)$/gmu)].map(([, title]) => title)).toEqual([
        'Meaning',
        'Impact',
        'How to see it',
        'What to do',
        'How to know that it is over',
      ]);
      expect(textOf('docs/runbooks/README.md')).toContain(`](${kebab(name)}.md)`);
    },
  );

  it('is what some page of docs/runbooks is about', () => {
    const pages = readdirSync(join(root, 'docs/runbooks')).filter((file) => /^(?:kafka|weir)-/u.test(file));
    expect(pages.toSorted()).toEqual(names.map((name) => `${kebab(name)}.md`).toSorted());
  });
});

/** Metrics that are not Weir's own: Prometheus' and Node's. */
const FOREIGN = ['up', 'process_start_time_seconds'];
/** What a scrape and a histogram add. */
const ADDED_LABELS = ['job', 'instance', 'le'];
/** A metric of Weir's and what is said of its labels. */
const METRIC = /(?<![\w:.$])((?:kafka|weir)_\w+)(?:\{([^}]*)\})?/gu;

const labelsOf = (metric: string): readonly string[] | undefined =>
  catalogue.get(metric) ?? catalogue.get(metric.replace(/_(?:bucket|sum|count)$/u, ''));

describe('rules', () => {
  it('ask only for what the catalogue has, by labels that it has', () => {
    for (const { alert, record, expr } of rules) {
      const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/gu)].flatMap(([, labels = '']) => labels.split(', '));
      for (const [, metric = '', matchers = ''] of expr.matchAll(METRIC)) {
        const matched = [...matchers.matchAll(/(\w+) ?(?:=~|!~|!=|=)/gu)].map(([, label = '']) => label);
        const known = labelsOf(metric)?.concat(ADDED_LABELS) ?? [];
        const unknown = [...matched, ...grouped].filter((label) => !known.includes(label));
        expect([alert ?? record, metric, unknown]).toEqual([alert ?? record, metric, []]);
      }
    }
  });

  it('ask for something that there is, each of them', () => {
    const recorded = new Set(rules.flatMap(({ record }) => record ?? []));
    for (const { alert, record, expr } of rules) {
      const asked = [...expr.matchAll(/(?<![\w:])weir:[\w:]+/gu)].map(([name]) => name);
      const metrics = [...expr.matchAll(METRIC)].map(([, metric = '']) => metric);
      const missing = [
        ...asked.filter((name) => !recorded.has(name)),
        ...metrics.filter((metric) => labelsOf(metric) === undefined),
      ];
      expect([alert ?? record, missing]).toEqual([alert ?? record, []]);
      expect(asked.length + metrics.length > 0 || FOREIGN.some((name) => expr.includes(name))).toBe(true);
    }
  });
});

describe('deploy/alertmanager', () => {
  const { inhibit_rules: inhibitions } = parse(textOf(ALERTMANAGER)) as {
    inhibit_rules: { source_matchers: string[]; target_matchers: string[] }[];
  };
  const named = inhibitions
    .flatMap(({ source_matchers, target_matchers }) => [...source_matchers, ...target_matchers])
    .flatMap((matcher) => /^alertname =~? "(.+)"$/u.exec(matcher)?.[1] ?? []);

  it('inhibits alerts that there are', () => {
    expect(named.length).toBeGreaterThan(10);
    for (const pattern of named) {
      const matched = names.filter((name) => new RegExp(`^(?:${pattern})$`, 'u').test(name));
      expect([pattern, matched.length]).toEqual([pattern, pattern.split('|').length]);
    }
  });
});

const jobs = (config: string): string[] =>
  (parse(config) as { scrape_configs: { job_name: string }[] }).scrape_configs.map(({ job_name }) => job_name);

describe('deploy/prometheus', () => {
  it('scrapes every app under its name, here and in the local stack', () => {
    const apps = readdirSync(join(root, 'apps')).toSorted();
    expect(jobs(textOf(PROMETHEUS)).toSorted()).toEqual([...apps, 'prometheus'].toSorted());
    const targets = Object.fromEntries(apps.map((name) => [name, ['127.0.0.1:1']]));
    expect(jobs(prometheusConfig({ targets, rules: '', repository: '' }, 1)).toSorted()).toEqual(apps);
    for (const name of apps)
      expect(alerts.find(({ alert }) => alert === 'WeirAppDown')?.expr).toContain(`absent(up{job="${name}"})`);
  });
});

describe('docs/reference/alerts.md', () => {
  const page = textOf('docs/reference/alerts.md');

  it('has each alert and each metric of the platform’s documents, with a test that is there', () => {
    const section = page.slice(
      page.indexOf('## What the platform’s documents ask for'),
      page.indexOf('## Expressions'),
    );
    const rows = [...section.matchAll(/^\| (?!-|asked for |metric )(.+) \|$/gmu)].map(([, row = '']) =>
      row.split(' | '),
    );
    expect(rows.length).toBe(11 + 13);
    for (const row of rows) {
      const [, path = ''] = /`([\w./-]+\.(?:spec\.ts|test\.yml))`/u.exec(row.at(-1) ?? '') ?? [];
      const subject = /`((?:Kafka|kafka_)\w+)/u.exec(row.slice(1).join(' '))?.[1] ?? '';
      expect(subject).not.toBe('');
      expect([path, textOf(path).includes(subject)]).toEqual([path, true]);
    }
  });
});
