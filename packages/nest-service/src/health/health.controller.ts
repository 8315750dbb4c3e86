import { Controller, Get, Header, Inject, Param, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { ServiceConfig } from '@weir/config';
import { HealthRegistry, type CheckResult, type HealthStatus } from '@weir/telemetry';
import type { FastifyReply } from 'fastify';

import { ProblemException } from '../problems/problem.js';
import { SERVICE_CONFIG } from '../tokens.js';

const statusCodeOf = (status: HealthStatus): number => (status === 'unhealthy' ? 503 : 200);

/** Health over HTTP: `healthy` and `degraded` answer 200, `unhealthy` 503. */
@Controller()
@ApiExcludeController()
export class HealthController {
  constructor(
    @Inject(HealthRegistry) private readonly health: HealthRegistry,
    @Inject(SERVICE_CONFIG) private readonly service: ServiceConfig,
  ) {}

  /** That this process runs its event loop; depends on nothing else. */
  @Get('health/live')
  @Header('cache-control', 'no-store')
  live(): object {
    return { status: 'healthy', ...this.identity() };
  }

  /** Whether it may take work; 503 with the reasons while not. */
  @Get('health/ready')
  @Header('cache-control', 'no-store')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    const { ready, reasons, checks } = await this.health.readiness();
    void reply.code(ready ? 200 : 503);
    return { status: ready ? 'ready' : 'not_ready', reasons, checks };
  }

  @Get('health')
  @Header('cache-control', 'no-store')
  async whole(@Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    const { status, checks } = await this.health.report();
    void reply.code(statusCodeOf(status));
    return { status, ...this.identity(), timestamp: new Date().toISOString(), checks };
  }

  @Get(['kafka_health', 'kafka/health'])
  @Header('cache-control', 'no-store')
  kafka(@Res({ passthrough: true }) reply: FastifyReply): Promise<CheckResult> {
    return this.one('kafka', reply);
  }

  @Get('health/:check')
  @Header('cache-control', 'no-store')
  async one(@Param('check') name: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<CheckResult> {
    const result = await this.health.check(name);
    if (result === null)
      throw new ProblemException({
        status: 404,
        code: 'check_not_found',
        detail: `This service has these checks: ${this.health.names.join(', ') || 'none'}.`,
      });
    void reply.code(statusCodeOf(result.status));
    return result;
  }

  private identity() {
    return { service: this.service.name, version: this.service.version };
  }
}
