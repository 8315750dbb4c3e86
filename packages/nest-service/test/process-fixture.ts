// A whole process for tests of signals and exit codes; see process.int.spec.ts.
import { setTimeout as wait } from 'node:timers/promises';

import { Controller, Get, Module, type OnModuleDestroy } from '@nestjs/common';
import { type Environment, parseEnvironment, serviceConfig, serviceVariables, secret } from '@weir/config';

import { createService, runService, ServiceModule } from '../src/index.js';

@Controller()
class TroubleController implements OnModuleDestroy {
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

function build(env?: Environment) {
  const variables = { ...serviceVariables('fixture', 0), FIXTURE_KEY: secret({ about: 'A secret.' }) };
  const config = serviceConfig(parseEnvironment(variables, env));

  @Module({ imports: [ServiceModule.forApp(config)], controllers: [TroubleController] })
  class FixtureModule {}

  return createService(FixtureModule, config);
}

await runService(async () => build());
