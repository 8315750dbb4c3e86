import { EventEmitter, once } from 'node:events';

import {
  Body,
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  type OnApplicationShutdown,
  Param,
  ParseIntPipe,
  Post,
} from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { parseEnvironment, serviceConfig, serviceVariables, type ServiceConfig } from '@weir/config';
import { StoreUnavailableError, ValidationError } from '@weir/errors';
import { createLogger, HealthRegistry, type CheckResult, type Logger } from '@weir/telemetry';

import {
  createService,
  type CreateOptions,
  LOGGER,
  ProblemException,
  sendProblem,
  ServiceModule,
  startService,
} from '../src/index.js';

/** Lets a test hold a request in flight: `slow` waits here until `open`. */
@Injectable()
class Gate implements OnApplicationShutdown {
  private readonly events = new EventEmitter();
  readonly entered = once(this.events, 'entered');
  readonly opened = once(this.events, 'opened');
  resourcesClosed = false;

  async pass(): Promise<void> {
    this.events.emit('entered');
    await this.opened;
  }

  open(): void {
    this.events.emit('opened');
  }

  onApplicationShutdown(): void {
    this.resourcesClosed = true;
  }
}

@Controller(['things', 'api/things'])
class ThingsController {
  constructor(
    @Inject(Gate) private readonly gate: Gate,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Get('number/:id')
  number(@Param('id', ParseIntPipe) id: number): object {
    return { id };
  }

  @Post()
  create(@Body() body: object): object {
    this.logger.info('created');
    return body;
  }

  @Get('slow')
  async slow(): Promise<object> {
    await this.gate.pass();
    return { resourcesClosed: this.gate.resourcesClosed };
  }

  @Get('fail/:how')
  fail(@Param('how') how: string): never {
    if (how === 'store') throw new StoreUnavailableError('connect ECONNREFUSED 10.1.2.3:5432');
    if (how === 'rule') throw new ValidationError('limit_out_of_range', 'limit must be from 1 to 100');
    if (how === 'problem')
      throw new ProblemException({ status: 429, code: 'rate_limited', retryAfterSeconds: 7, limit: 100 });
    throw new TypeError('secret internals: wk_abc_hunter2');
  }
}

export interface Service {
  readonly app: NestFastifyApplication;
  readonly url: string;
  readonly config: ServiceConfig;
  readonly gate: Gate;
  readonly health: HealthRegistry;
  readonly logs: readonly string[];
}

/** A service with a few routes, listening on a free port of the loopback. */
export async function startFixture(
  checks: Readonly<Record<string, () => CheckResult | Promise<CheckResult>>> = {},
  options: CreateOptions = {},
  environment: Readonly<Record<string, string>> = {},
): Promise<Service> {
  const env = { SERVICE_NAME: 'fixture', NODE_ENV: 'test', HOST: '127.0.0.1', PORT: '0', ...environment };
  const config = serviceConfig(parseEnvironment(serviceVariables('fixture', 0), env));
  const logs: string[] = [];
  const logger = createLogger({ ...config, logLevel: 'debug' }, { write: (line) => logs.push(line) });

  @Module({
    imports: [ServiceModule.forApp(config, { logger, openApi: { description: 'A service for tests.' } })],
    controllers: [ThingsController],
    providers: [Gate],
  })
  class FixtureModule {}

  const app = await createService(FixtureModule, config, {
    ...options,
    configure: async (made) => {
      for (const [name, check] of Object.entries(checks))
        made.get(HealthRegistry).register({ name, check, readiness: true });
      made
        .getHttpAdapter()
        .getInstance()
        .get<{ Params: { readonly what: string } }>('/plain/:what', (request, reply) => {
          if (request.params.what === 'problem')
            return sendProblem(reply, { status: 503, code: 'kafka_disabled', retryAfterSeconds: 5 });
          throw new TypeError('secret internals of a plain handler');
        });
      await options.configure?.(made);
    },
  });
  const url = await startService(app);
  return { app, url, config, gate: app.get(Gate), health: app.get(HealthRegistry), logs };
}
