import { metricsRaw } from '@weir/topics';

import { producerLimit } from '../limits/contenders.js';
import { type WrkOptions, type WrkReport, wrk } from '../load/wrk.js';
import { UseMeter } from '../measure/process-use.js';
import { RedpandaConnect } from '../peers/redpanda-connect.js';
import { LimitProgram } from '../programs.js';
import { type ClosingContender, type Contender, closed, type Run, type Stage } from '../stage.js';
import { BenchSystem } from '../system.js';

/** One metric in each request, against an HTTP server that reads JSON and does nothing with it. */
export function singleIngest(connections: number): Stage {
  return {
    name: `single-${connections}`,
    unit: 'metrics',
    about: `POST of one metric by ${connections} connections until it is acknowledged; the limit is node:http with JSON.parse alone.`,
    target: 0.65,
    peerTarget: connections === 64 ? 1.15 : 1.1,
    async open(extent, shared) {
      const { seconds, peers } = extent;
      const weir = await shared.of(ingestAlone, extent);
      const limit = await LimitProgram.start<object, { port: number }>('http');
      const { port } = await limit.run({});
      const load = { apiKeys: [weir.running.tenant.apiKey], connections, batch: 1, seconds };
      const peer = peers ? [await postedToPeer(weir, load)] : [];
      return {
        contenders: [
          posted('limit', new Map([['limit', limit.pid]]), { ...load, url: `http://127.0.0.1:${port}/` }),
          postedToWeir(weir, load),
          ...peer,
        ],
        close: () => closed([...peer, { close: () => limit.end() }]),
      };
    },
  };
}

/** A hundred metrics in each request, in gzip or not, against a producer that is handed encoded records. */
export function batchIngest(connections: number, gzip = false): Stage {
  return {
    name: `batch-${connections}${gzip ? '-gzip' : ''}`,
    unit: 'metrics',
    about: `POST of 100 metrics${gzip ? ' in gzip' : ''} by ${connections} connections until they are acknowledged; the limit is librdkafka's producer from Node, without HTTP, JSON and Avro.`,
    target: gzip ? null : 0.75,
    peerTarget: gzip ? null : 1.6,
    async open(extent, shared) {
      const { seconds, peers } = extent;
      const weir = await shared.of(ingestAlone, extent);
      const limit = await producerLimit(weir, seconds);
      const load = { apiKeys: [weir.running.tenant.apiKey], connections, batch: 100, seconds, gzip };
      const peer = peers && !gzip ? [await postedToPeer(weir, load)] : [];
      return {
        contenders: [limit, postedToWeir(weir, load), ...peer],
        close: () => closed([...peer, limit]),
      };
    },
  };
}

type Load = Omit<WrkOptions, 'url'>;

/** Single metrics to so many processes of ingest-api, which share the connections. */
export function postedToSeveral(weir: BenchSystem, processes: number, load: Load, name: string): Contender {
  const shared = { ...load, connections: load.connections / processes };
  const post = (seconds: number): Promise<readonly WrkReport[]> =>
    Promise.all(weir.ingests.map(({ url }) => wrk({ ...shared, seconds, url: `${url}/api/v1/metrics` })));
  return {
    name,
    async run() {
      await weir.haveIngests(processes);
      await post(WARM_UP_SECONDS); // a process that was just started is slow
      await weir.quiet();
      const before = await weir.recordsIn(metricsRaw);
      const meter = new UseMeter(weir.pids);
      const reports = await post(load.seconds);
      const use = meter.read();
      const count = reports.reduce((sum, { answers }) => sum + answers * load.batch, 0);
      await weir.quiet();
      allThere(count, (await weir.recordsIn(metricsRaw)) - before, load);
      const slowest = reports.reduce((a, b) => (a.latencyMs.p99 > b.latencyMs.p99 ? a : b));
      return { count, seconds: Math.max(...reports.map(({ seconds }) => seconds)), latencyMs: slowest.latencyMs, use };
    },
  };
}

const WARM_UP_SECONDS = 4;

/** metrics-consumer would take processor time from what is measured here. Stages in a row share it. */
export async function ingestAlone(): Promise<BenchSystem> {
  const weir = await BenchSystem.start();
  for (const consumer of weir.running.consumers.splice(0)) await consumer.end();
  return weir;
}

function posted(name: string, pids: ReadonlyMap<string, number>, options: WrkOptions): Contender {
  return {
    name,
    async run(): Promise<Run> {
      const meter = new UseMeter(pids);
      const { answers, seconds, latencyMs } = await wrk(options);
      return { count: answers * options.batch, seconds, latencyMs, use: meter.read() };
    },
  };
}

function postedToWeir(weir: BenchSystem, load: Load): Contender {
  const plain = posted('weir', weir.pids, { ...load, url: `${weir.running.ingest.url}/api/v1/metrics` });
  return {
    name: 'weir',
    async run() {
      const before = await weir.recordsIn(metricsRaw);
      const run = await plain.run();
      await weir.quiet();
      allThere(run.count, (await weir.recordsIn(metricsRaw)) - before, load);
      return run;
    },
  };
}

/** Redpanda Connect, which writes to a topic of its own. */
async function postedToPeer(weir: BenchSystem, load: Load): Promise<ClosingContender> {
  const topic = await weir.createTopic();
  const peer = await RedpandaConnect.ingesting(topic, weir.running.tenant.id, load.batch > 1);
  const pids = new Map([['redpanda-connect', peer.pid], ...weir.pidsOf('kafka')]);
  const plain = posted('redpanda-connect', pids, { ...load, url: peer.url });
  return {
    ...plain,
    async run() {
      const before = await weir.recordsInTopic(topic);
      const run = await plain.run();
      allThere(run.count, (await weir.recordsAtRest(topic)) - before, load);
      return run;
    },
    close: () => peer.end(),
  };
}

/** wrk ends with a request on its way on each connection, of which nobody sees the answer. */
function allThere(acknowledged: number, written: number, { connections, batch }: Load): void {
  const most = acknowledged + connections * batch;
  if (written < acknowledged || written > most)
    throw new Error(`${acknowledged} were acknowledged and ${written} are in the topic; at most ${most} may be.`);
}
