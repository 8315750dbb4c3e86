// A whole process for tests of signals and exit codes; see process.int.spec.ts.
import { setTimeout as wait } from 'node:timers/promises';

import { Controller, Get, Module, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { duration, parseEnvironment, secret, serviceConfig, serviceVariables, type Values } from '@weir/config';

import { createService, runService, ServiceModule } from '../src/index.js';

let initTakesMs = 0;

@Controller()
class TroubleController implements OnModuleInit, OnModuleDestroy {
  async onModuleInit(): Promise<void> {
    if (initTakesMs === 0) return;
    process.stdout.write('{"message":"starting slowly"}\n');
    await wait(initTakesMs);
  }

  @Get('slow/:ms')
  async slow(): Promise<object> {
    await wait(700);
    return { done: true };
  }

  @Get('never')
  never(): Promise<object> {
    return new Promise(() => undefined);
  }

  @Get('throw')
  throw(): object {
    setImmediate(() => {
      throw new TypeError('thrown where nobody catches');
    });
    return {};
  }

  @Get('reject')
  reject(): object {
    setImmediate(() => void Promise.reject(new TypeError('rejected where nobody catches')));
    return {};
  }

  onModuleDestroy(): void {
    process.stdout.write('{"message":"hook ran"}\n');
  }
}

const variables = {
  ...serviceVariables('fixture', 0),
  FIXTURE_KEY: secret({ about: 'A secret.' }),
  FIXTURE_BUILD_TAKES: duration({ default: 0, about: 'How long building takes.' }),
  FIXTURE_INIT_TAKES: duration({ default: 0, about: 'How long a hook at the start takes.' }),
};

async function build(values: Values<typeof variables>) {
  const config = serviceConfig(values);
  initTakesMs = values.FIXTURE_INIT_TAKES;
  if (values.FIXTURE_BUILD_TAKES > 0) {
    process.stdout.write('{"message":"building slowly"}\n');
    await wait(values.FIXTURE_BUILD_TAKES);
  }

  @Module({ imports: [ServiceModule.forApp(config)], controllers: [TroubleController] })
  class FixtureModule {}

  return createService(FixtureModule, config);
}

await runService(() => build(parseEnvironment(variables)));
