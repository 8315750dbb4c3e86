import { engines } from '@weir/testing';

import { UseMeter } from '../measure/process-use.js';
import { LimitProgram } from '../programs.js';
import type { ClosingContender, Run } from '../stage.js';
import type { BenchSystem } from '../system.js';
import type { CopyDone, CopyWork } from './copying.js';
import type { ProducerDone, ProducerWork } from './producer.js';

/** Writing encoded records to Kafka, for so long each time. */
export async function producerLimit(weir: BenchSystem, seconds: number): Promise<ClosingContender> {
  const { tenant } = weir.running;
  const topic = await weir.createTopic();
  const program = await LimitProgram.start<ProducerWork, ProducerDone>('producer', {
    BENCH_BROKERS: engines().kafka.bootstrapServers,
    BENCH_REGISTRY: engines().schemaRegistry.url,
    BENCH_TOPIC: topic,
    BENCH_TENANT: tenant.id,
  });
  return measured(program, weir, 'kafka', async () => {
    const { records, seconds: took } = await program.run({ seconds });
    return { count: records, seconds: took };
  });
}

/** Copying so many rows each time, by the one program or the other. */
export async function copyLimit(
  weir: BenchSystem,
  rows: number,
  name: 'copy' | 'copy-letters' = 'copy',
): Promise<ClosingContender> {
  const program = await LimitProgram.start<CopyWork, CopyDone>(name, {
    BENCH_DATABASE: weir.running.databaseUrl,
  });
  return measured(program, weir, 'postgres', async () => {
    const done = await program.run({ rows });
    if (done.rows !== rows) throw new Error(`${done.rows} rows are there, and ${rows} were copied`);
    return { count: rows, seconds: done.seconds };
  });
}

function measured(
  program: { readonly pid: number; end(): Promise<void> },
  weir: BenchSystem,
  engine: 'kafka' | 'postgres',
  run: () => Promise<Run>,
): ClosingContender {
  const pids = new Map([['limit', program.pid], ...weir.pidsOf(engine)]);
  return {
    name: 'limit',
    async run() {
      const meter = new UseMeter(pids);
      return { ...(await run()), use: meter.read() };
    },
    close: () => program.end(),
  };
}
