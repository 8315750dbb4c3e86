import { timingSafeEqual, createHash } from 'node:crypto';

import { Body, Controller, Get, Header, Headers, HttpCode, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ProblemException } from '@weir/nest-service';

import type { OpenBreaker, Pass } from './breaker-state.js';
import { BreakerService } from './breaker.service.js';

/** Answer of `GET /breaker`. */
interface BreakerView {
  readonly open: OpenBreaker | null;
  readonly pass: Pass | null;
}

const MAX_REASON_LENGTH = 500;

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
  @HttpCode(200)
  @ApiOperation({ summary: 'Let pass what is in the topic now; needs the header X-Operator-Key and a reason' })
  async close(@Headers('x-operator-key') key: string | undefined, @Body() body: unknown): Promise<BreakerView> {
    this.authenticate(key);
    const reason = reasonOf(body);
    if (!(await this.breaker.closeByHand(reason)))
      throw new ProblemException({ status: 409, code: 'breaker_closed', detail: 'The breaker is not open.' });
    return this.read();
  }

  private authenticate(key: string | undefined): void {
    const { operatorKey } = this.breaker;
    if (operatorKey === null)
      throw new ProblemException({
        status: 403,
        code: 'forbidden',
        detail: 'BREAKER_OPERATOR_KEY is not set, so nobody may close the breaker here.',
      });
    if (key === undefined || !timingSafeEqual(digest(key), digest(operatorKey)))
      throw new ProblemException({
        status: 401,
        code: 'unauthenticated',
        detail: 'X-Operator-Key is missing, or is not the key that was set.',
      });
  }
}

/** Of equal length, whatever was sent. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

function reasonOf(body: unknown): string {
  const reason: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'reason') : undefined;
  if (typeof reason === 'string' && reason.trim() !== '' && reason.length <= MAX_REASON_LENGTH) return reason.trim();
  throw new ProblemException({
    status: 400,
    code: 'reason_missing',
    detail: `The body must be JSON with a "reason" of 1 to ${MAX_REASON_LENGTH} characters.`,
  });
}
