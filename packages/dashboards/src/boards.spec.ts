import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { MappingType, type Panel, type RowPanel } from '@grafana/grafana-foundation-sdk/dashboard';
import { describe, expect, it } from '@jest/globals';
import { metricCatalogue, type MetricDefinition } from '@weir/telemetry';
import { parse } from 'yaml';

import { type Board, boards, fileOf, FOREIGN_METRICS, queriesOf, RECORDED, selectionsIn } from './index.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const yamlAt = (path: string): unknown => parse(readFileSync(`${root}/${path}`, 'utf8'));
const rules = readdirSync(`${root}/deploy/prometheus/rules`).flatMap((name) => {
  const file = yamlAt(`deploy/prometheus/rules/${name}`) as {
    groups: { rules: { alert?: string; record?: string }[] }[];
  };
  return file.groups.flatMap((group) => group.rules);
});
const alerts = [...new Set(rules.flatMap(({ alert }) => alert ?? []))];
const all = boards({ docsUrl: 'https://weir.example/docs', alerts });
const named = all.map((board) => [board.dashboard.title ?? '', board] as const);

const everything = ({ dashboard }: Board): (Panel | RowPanel)[] => dashboard.panels ?? [];
const panelsOf = (board: Board): Panel[] => everything(board).filter((panel): panel is Panel => panel.type !== 'row');

/** Which columns a table has, in which order. */
interface Organized {
  readonly indexByName: Readonly<Record<string, number>>;
}

/** As the text of the dashboard's file. */
const textOf = ({ dashboard }: Board): string => fileOf(dashboard).text;
const variablesOf = ({ dashboard }: Board): string[] => (dashboard.templating.list ?? []).map(({ name }) => name);

/** Labels that series of a metric may have; null for a metric that nobody sets. */
function labelsOf(metric: string): readonly string[] | null {
  const histogram = /^(?<name>.+)_(?:bucket|sum|count)$/.exec(metric)?.groups?.['name'] ?? '';
  const catalogue: Readonly<Record<string, MetricDefinition>> = metricCatalogue;
  const target = ['instance', 'job'];
  if (catalogue[histogram]?.type === 'histogram') return [...target, 'le', ...catalogue[histogram].labels];
  if (catalogue[metric] !== undefined)
    return catalogue[metric].type === 'histogram' ? null : [...target, ...catalogue[metric].labels];
  if (metric in RECORDED) return RECORDED[metric as keyof typeof RECORDED];
  if (metric === 'ALERTS') return ['alertstate'];
  return (FOREIGN_METRICS as readonly string[]).includes(metric) ? target : null;
}

describe('the dashboards', () => {
  it('have uids that stay, and that Grafana takes', () => {
    expect(all.map(({ dashboard }) => dashboard.uid)).toEqual([
      'weir-overview',
      'weir-ingest',
      'weir-consumer',
      'weir-kafka',
      'weir-dead-letters',
      'weir-tenant',
      'weir-ledger',
    ]);
  });

  it('show every metric of the catalogue somewhere', () => {
    const shown = new Set(
      all
        .flatMap(queriesOf)
        .flatMap(({ expression }) => selectionsIn(expression))
        .map(({ metric }) => metric.replace(/_(?:bucket|sum|count)$/, '')),
    );
    const elsewhere = new Set(['weir_build_info']); // in variables
    expect(Object.keys(metricCatalogue).filter((name) => !shown.has(name) && !elsewhere.has(name))).toEqual([]);
  });

  it('ask for recorded series that there are', () => {
    const recorded = rules.flatMap(({ record }) => record ?? []);
    expect(Object.keys(RECORDED).filter((name) => !recorded.includes(name))).toEqual([]);
  });

  it('link each alert that may fire to its runbook', () => {
    const [overview] = all;
    const pages = [
      ...(overview === undefined ? '' : textOf(overview)).matchAll(/"text": "(?<page>[a-z]+(?:-[a-z]+)+)"/g),
    ].map(({ groups }) => `docs/runbooks/${groups?.['page']}.md`);
    expect(pages).toHaveLength(alerts.length);
    expect(pages.filter((page) => !existsSync(`${root}/${page}`))).toEqual([]);
  });
});

describe.each(named)('%s', (_, board) => {
  it('has panels that are told apart, fill the grid and lie beside one another', () => {
    const ids = everything(board).map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const taken = new Set<string>();
    const wide = new Map<number, number>();
    for (const { gridPos: at } of everything(board)) {
      if (at === undefined) throw new Error('a panel has no place');
      for (let y = at.y; y < at.y + at.h; y += 1) {
        wide.set(y, (wide.get(y) ?? 0) + at.w);
        for (let x = at.x; x < at.x + at.w; x += 1) {
          expect(taken.has(`${x}/${y}`)).toBe(false);
          taken.add(`${x}/${y}`);
        }
      }
    }
    expect([...wide].filter(([, width]) => width !== 24)).toEqual([]);
  });

  it('tells of each panel what it shows, in which unit, and what stands there where there is nothing', () => {
    for (const { title, description, fieldConfig, targets } of panelsOf(board)) {
      expect({ title, long: (description ?? '').length > 40 }).toEqual({ title, long: true });
      expect(fieldConfig?.defaults.unit).toBeTruthy();
      expect(fieldConfig?.defaults.noValue).toBeTruthy();
      expect(targets?.length).toBeGreaterThan(0);
    }
  });

  it('never shows silence in the colour of good news', () => {
    for (const { title, type, fieldConfig } of panelsOf(board).filter((panel) => panel.type === 'stat')) {
      const special = (fieldConfig?.defaults.mappings ?? []).filter(
        (mapping) => mapping.type === MappingType.SpecialValue,
      );
      const colours = special.map(({ options }) => options.result.color);
      expect({ title, type, colours }).toEqual({ title, type, colours: [expect.stringMatching(/^(?:orange|text)$/)] });
    }
  });

  it('has columns of tables that some query of theirs can fill', () => {
    for (const { title, transformations, targets } of panelsOf(board).filter(({ type }) => type === 'table')) {
      const organized = (transformations ?? []).find(({ id }) => id === 'organize')?.options as Organized | undefined;
      const text = (targets ?? []).map((target) => (target as unknown as { expr: string }).expr).join(' ');
      const recorded = Object.entries(RECORDED).flatMap(([name, labels]) => (text.includes(name) ? labels : []));
      const kept = [...recorded, ...(text.match(/\w+/g) ?? [])];
      const labels = Object.keys(organized?.indexByName ?? {}).filter((name) => !name.startsWith('Value'));
      expect({ title, empty: labels.filter((label) => !kept.includes(label)) }).toEqual({ title, empty: [] });
    }
  });

  it('asks for metrics that there are, by labels that they have', () => {
    for (const { panel, expression } of queriesOf(board))
      for (const { metric, labels } of selectionsIn(expression)) {
        const known = labelsOf(metric);
        expect({ panel, metric, known: known !== null }).toEqual({ panel, metric, known: true });
        expect({ panel, metric, unknown: labels.filter((label) => known?.includes(label) !== true) }).toEqual({
          panel,
          metric,
          unknown: [],
        });
      }
  });

  it('uses the variables that it has', () => {
    const used = [...textOf(board).matchAll(/\$\{?(?<name>[a-z]\w*)\}?/g)].map(({ groups }) => groups?.['name'] ?? '');
    const has = variablesOf(board);
    expect([...new Set(used)].filter((name) => !has.includes(name))).toEqual([]);
    expect(has.filter((name) => !used.includes(name))).toEqual([]);
  });

  it('leads to pages and dashboards that there are, with variables that those have', () => {
    const text = textOf(board);
    const pages = [...text.matchAll(/\$\{docs\}\/(?<page>[\w/-]+\.md)/g)].map(
      ({ groups }) => `docs/${groups?.['page']}`,
    );
    expect(pages.length).toBeGreaterThan(3);
    expect([...new Set(pages)].filter((page) => !existsSync(`${root}/${page}`))).toEqual([]);
    const links = [...text.matchAll(/"url": "\/d\/(?<uid>[\w-]+)\?(?<rest>[^"]*)"/g)].map(({ groups }) => groups);
    expect(links.length).toBeGreaterThanOrEqual(all.length - 1);
    for (const link of links) {
      const target = all.find(({ dashboard }) => dashboard.uid === link?.['uid']);
      const set = [...(link?.['rest'] ?? '').matchAll(/&var-(?<name>\w+)=/g)].map(
        ({ groups }) => groups?.['name'] ?? '',
      );
      expect({
        link,
        there: target !== undefined,
        unknown: set.filter((name) => !(target === undefined ? [] : variablesOf(target)).includes(name)),
      }).toEqual({ link, there: true, unknown: [] });
    }
  });
});
