import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

import { PortTakenError, StackSetupError } from './errors.js';

export const HOST = '127.0.0.1';

/** Where one broker listens. */
export interface BrokerPorts {
  readonly broker: number;
  readonly controller: number;
  /** For SASL_SSL; absent where the brokers have no such listener. */
  readonly secured?: number;
}

/** Where the engines listen; `kafka` has one entry a broker. */
export interface EnginePorts {
  readonly kafka: readonly BrokerPorts[];
  readonly schemaRegistry: number;
  readonly postgres: number;
  /** Absent where there is to be none. */
  readonly redis?: number;
}

export interface PrometheusPorts {
  readonly prometheus: number;
  readonly alertmanager: number;
}

export interface BrokerOptions {
  /** Whether the brokers listen for SASL_SSL too. */
  readonly secured?: boolean;
}

/** The ports of `npm start`, all moved by `offset` (WEIR_PORT_OFFSET). Brokers take 9092, 9094, 9096; for SASL_SSL 9192, 9194, 9196. */
export function stackPorts(offset: number, brokers: number, { secured = false }: BrokerOptions = {}): EnginePorts {
  const kafka = Array.from({ length: brokers }, (_, index) => ({
    broker: 9092 + offset + 2 * index,
    controller: 9093 + offset + 2 * index,
    ...(secured && { secured: 9192 + offset + 2 * index }),
  }));
  return { kafka, schemaRegistry: 8081 + offset, postgres: 5432 + offset, redis: 6379 + offset };
}

/** Prometheus has its usual port, all moved by `offset`; Alertmanager's is that of a broker's controller here. */
export function prometheusPorts(offset: number): PrometheusPorts {
  return { prometheus: 9090 + offset, alertmanager: 9089 + offset };
}

/** Ports that nothing listens on now, for a run of tests. */
export async function freePorts(brokers: number, { secured = false }: BrokerOptions = {}): Promise<EnginePorts> {
  const taken = new Set<number>();
  const next = async (): Promise<number> => {
    const port = await freePort(taken);
    taken.add(port);
    return port;
  };
  const kafka = [];
  for (let index = 0; index < brokers; index += 1)
    kafka.push({ broker: await next(), controller: await next(), ...(secured && { secured: await next() }) });
  return { kafka, schemaRegistry: await next(), postgres: await next() };
}

/** Parses WEIR_PORT_OFFSET. */
export function portOffset(text: string | undefined): number {
  if (text === undefined || text === '') return 0;
  const offset = Number(text);
  if (!Number.isInteger(offset) || offset < 0 || offset > 50_000) {
    throw new StackSetupError(`WEIR_PORT_OFFSET is "${text}"; it must be a whole number from 0 to 50000.`);
  }
  return offset;
}

/** Rejects with PortTakenError where somebody listens on `port` already. */
export async function assertPortFree(service: string, port: number): Promise<void> {
  if (!(await isFree(port))) throw new PortTakenError(service, port);
}

/** A port that nothing listens on now. Below 32768 no outgoing connection of this machine is given it between this look and its use. */
export async function freePort(taken: ReadonlySet<number> = new Set()): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = randomInt(20_000, 32_000);
    if (!taken.has(port) && (await isFree(port))) return port;
  }
  throw new StackSetupError('No free port was found between 20000 and 32000.');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: HOST, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
