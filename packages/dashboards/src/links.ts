import { type DashboardLink, DashboardLinkBuilder, DashboardLinkType } from '@grafana/grafana-foundation-sdk/dashboard';
import { type Builder } from '@grafana/grafana-foundation-sdk/cog';

/** The dashboards, from the first look to the last detail. */
export const BOARDS = {
  overview: { uid: 'weir-overview', title: 'Weir: overview' },
  ingest: { uid: 'weir-ingest', title: 'Weir: ingest by tenant' },
  consumer: { uid: 'weir-consumer', title: 'Weir: consumer and store' },
  kafka: { uid: 'weir-kafka', title: 'Weir: Kafka and lag' },
  deadLetters: { uid: 'weir-dead-letters', title: 'Weir: dead letters and replays' },
  tenant: { uid: 'weir-tenant', title: 'Weir: one tenant' },
  ledger: { uid: 'weir-ledger', title: 'Weir: ledger' },
} as const;
export type BoardName = keyof typeof BOARDS;

/** Of all but one: what its links lead to, in their order. */
export const othersThan = (name: BoardName): readonly (typeof BOARDS)[BoardName][] =>
  Object.values(BOARDS).filter((other) => other !== BOARDS[name]);

export interface Link {
  readonly title: string;
  readonly url: string;
  /** In a tab of its own, since the reader stays at work here. */
  readonly elsewhere: boolean;
}

/** `chosen` sets variables there; the data source and the shown time go with every link. */
export function board(name: BoardName, chosen: Readonly<Record<string, string>> = {}): Link {
  const { uid, title } = BOARDS[name];
  const variables = Object.entries(chosen).map(([variable, value]) => `&var-${variable}=${value}`);
  return { title: `Open ${nameOf(title)}`, url: `${urlOf(uid)}${variables.join('')}`, elsewhere: false };
}

export const boardLink = ({ uid, title }: (typeof BOARDS)[BoardName]): Link => ({
  title: nameOf(title),
  url: urlOf(uid),
  elsewhere: false,
});

const nameOf = (title: string): string => title.replace('Weir: ', '');
const urlOf = (uid: string): string => `/d/${uid}?\${datasource:queryparam}&\${__url_time_range}`;

/** A page of docs/runbooks. */
export const runbook = (page: string): Link => document(`Runbook: ${page}`, `runbooks/${page}.md`);

/** A page below docs. */
export const document = (title: string, path: string): Link => ({
  title,
  url: `\${docs}/${path}`,
  elsewhere: true,
});

export function linkOf({ title, url, elsewhere }: Link): Builder<DashboardLink> {
  return new DashboardLinkBuilder(title).type(DashboardLinkType.Link).url(url).targetBlank(elsewhere);
}
