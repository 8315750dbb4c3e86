import { Body, Controller, Get, Header, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ProblemException } from '@weir/nest-service';

import { OperatorGuard } from '../operator/operator.guard.js';
import { reasonOf } from '../operator/reason.js';
import type { OpenBreaker, Pass } from './breaker-state.js';
import { BreakerService } from './breaker.service.js';

/** Answer of `GET /breaker`. */
interface BreakerView {
  readonly open: OpenBreaker | null;
  readonly pass: Pass | null;
}

/** The breaker, to be looked at by anyone who reaches this port, and closed by operators. */
@ApiTags('breaker')
@Controller('breaker')
export class BreakerController {
  constructor(private readonly breaker: BreakerService) {}

  @Get()
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Whether records are taken, why not, and what an operator let pass last' })
  read(): BreakerView {
    return { open: this.breaker.open, pass: this.breaker.pass };
  }

  /** Records that are in the topic now no longer open it; what comes later may. */
  @Post('close')
  @UseGuards(OperatorGuard)
  @HttpCode(200)
  @ApiOperation({ summary: 'Let pass what is in the topic now; needs the header X-Operator-Key and a reason' })
  async close(@Body() body: unknown): Promise<BreakerView> {
    if (!(await this.breaker.closeByHand(reasonOf(body))))
      throw new ProblemException({ status: 409, code: 'breaker_closed', detail: 'The breaker is not open.' });
    return this.read();
  }
}
