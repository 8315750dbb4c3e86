import { readFileSync } from 'node:fs';
import { unescape } from 'node:querystring';

import { type Environment, parseEnvironment, processEnvironment, shownAddress, type Values } from '@weir/config';
import type { AppName } from '@weir/topics';

import { UsageFailure } from '../failures.js';
import { type LocalStack, readLocalStack } from './stack-file.js';
import { variables } from './variables.js';

/** Flags that every command takes, as they were typed. */
export interface Flags {
  readonly adminUrl?: string;
  readonly ingestUrl?: string;
  readonly queryUrl?: string;
  readonly consumerUrl?: string;
  readonly replayerUrl?: string;
  readonly keyFile?: string;
  readonly color?: boolean;
  readonly json?: boolean;
}

type Address = 'adminUrl' | 'ingestUrl' | 'queryUrl' | 'consumerUrl' | 'replayerUrl';

/** By app: the flag that names its address, and the variable. */
const ADDRESSES = {
  'ingest-api': { member: 'ingestUrl', flag: '--ingest-url', variable: 'WEIR_INGEST_URL' },
  'metrics-consumer': { member: 'consumerUrl', flag: '--consumer-url', variable: 'WEIR_CONSUMER_URL' },
  'dlq-replayer': { member: 'replayerUrl', flag: '--replayer-url', variable: 'WEIR_REPLAYER_URL' },
  'admin-service': { member: 'adminUrl', flag: '--admin-url', variable: 'WEIR_ADMIN_URL' },
  'query-api': { member: 'queryUrl', flag: '--query-url', variable: 'WEIR_QUERY_URL' },
} as const satisfies Record<AppName, { member: Address; flag: string; variable: keyof typeof variables }>;

/** Where an app is, and who said so. */
export interface AppAddress {
  /** Without userinfo, so that every message may show it. */
  readonly url: string;
  /** What its userinfo said, as the header of that name (RFC 7617). */
  readonly authorization?: string;
  readonly from: string;
  readonly local: boolean;
}

/**
 * What is set, by flags, else by the environment, else by the local stack of the current directory.
 *
 * The local stack's keys go to the local stack alone: a key that it holds is never sent to an address that was named otherwise.
 */
export class Settings {
  private constructor(
    private readonly flags: Flags,
    readonly environment: Environment,
    private readonly values: Values<typeof variables>,
    readonly stack: LocalStack | null,
  ) {}

  /** Throws ConfigurationError with every problem of the environment, or UsageFailure for a flag. */
  static load(flags: Flags, environment: Environment = processEnvironment()): Settings {
    const values = parseEnvironment(variables, environment);
    for (const { member, flag } of Object.values(ADDRESSES)) {
      const given = flags[member];
      if (given !== undefined && !isHttpUrl(given))
        throw new UsageFailure(`${flag} must be an address as http://host:port, but is "${shownAddress(given)}".`);
    }
    return new Settings(flags, environment, values, readLocalStack(values.WEIR_HOME));
  }

  get colors(): boolean {
    return this.flags.color !== false && this.values.NO_COLOR === undefined;
  }

  /** Null where nothing says where the app is. */
  addressOf(app: AppName): AppAddress | null {
    const { member, flag, variable } = ADDRESSES[app];
    const local = this.stack?.apps.get(app);
    const named = this.flags[member] ?? this.values[variable];
    if (named !== undefined) {
      const url = named.replace(/\/+$/, '');
      return { ...reached(url), from: this.flags[member] === undefined ? variable : flag, local: url === local };
    }
    return local === undefined ? null : { ...reached(local), from: this.stack?.path ?? '', local: true };
  }

  /** Throws UsageFailure where nothing says where the app is. */
  requiredAddressOf(app: AppName): AppAddress {
    const address = this.addressOf(app);
    if (address === null) throw new UsageFailure(missingAddress(app));
    return address;
  }

  /** For admin-service. Throws UsageFailure where there is none. */
  operatorKey(address: AppAddress): string {
    const local = address.local ? (this.stack?.operatorKey ?? null) : null;
    return this.key('operator', this.values.WEIR_OPERATOR_KEY, local);
  }

  /** For ingest-api and query-api. Throws UsageFailure where there is none. */
  apiKey(address: AppAddress): string {
    const local = address.local ? (this.stack?.apiKey ?? null) : null;
    return this.key('tenant', this.values.WEIR_API_KEY, local);
  }

  private key(whose: 'operator' | 'tenant', given: string | undefined, local: string | null): string {
    const { keyFile } = this.flags;
    const key = keyFile === undefined ? (given ?? local) : keyIn(keyFile);
    const variable = whose === 'operator' ? 'WEIR_OPERATOR_KEY' : 'WEIR_API_KEY';
    if (key === null)
      throw new UsageFailure(
        whose === 'operator'
          ? `An operator's key is needed: give it by --key-file or ${variable}.`
          : `A tenant's API key is needed: give it by --key-file or ${variable}.`,
      );
    // What no header can carry would otherwise be quoted by whoever refuses it.
    if (!/^[\x21-\x7e]+$/.test(key))
      throw new UsageFailure(
        `The key of ${keyFile ?? variable} is none: it has blanks or other characters that no key has.`,
      );
    return key;
  }
}

/** Userinfo goes into a header: `fetch` takes no address that has it, and quotes it. */
function reached(url: string): Pick<AppAddress, 'url' | 'authorization'> {
  const { username, password } = URL.canParse(url) ? new URL(url) : { username: '', password: '' };
  const shown = shownAddress(url).replace(/\/+$/, '');
  if (username === '' && password === '') return { url: shown };
  const credentials = Buffer.from(`${unescape(username)}:${unescape(password)}`).toString('base64');
  return { url: shown, authorization: `Basic ${credentials}` };
}

export const missingAddress = (app: AppName): string =>
  `Where ${app} is, is not known: give ${ADDRESSES[app].flag} or ${ADDRESSES[app].variable}, or run weir where a local stack runs (npm start).`;

function keyIn(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    throw new UsageFailure(`--key-file names "${path}", which cannot be read.`);
  }
}

function isHttpUrl(given: string): boolean {
  return URL.canParse(given) && /^https?:$/.test(new URL(given).protocol);
}
