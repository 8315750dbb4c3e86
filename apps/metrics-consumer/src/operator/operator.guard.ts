import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { ProblemException } from '@weir/nest-service';

import type { OperatorConfig } from './operator.config.js';

export const OPERATOR_CONFIG = Symbol('weir.operator.config');

/** Lets through who has the operator's key in `X-Operator-Key`: 401 without it, 403 where this instance has none. */
@Injectable()
export class OperatorGuard implements CanActivate {
  private readonly expected: Buffer | null;

  constructor(@Inject(OPERATOR_CONFIG) { key }: OperatorConfig) {
    this.expected = key === null ? null : digest(key);
  }

  canActivate(context: ExecutionContext): true {
    if (this.expected === null)
      throw new ProblemException({
        status: 403,
        code: 'forbidden',
        detail: 'OPERATOR_KEY is not set, so nobody may do this here.',
      });
    const key = context.switchToHttp().getRequest<{ headers: IncomingHttpHeaders }>().headers['x-operator-key'];
    if (typeof key !== 'string' || !timingSafeEqual(digest(key), this.expected))
      throw new ProblemException({
        status: 401,
        code: 'unauthenticated',
        detail: 'X-Operator-Key is missing, or is not the key that was set.',
      });
    return true;
  }
}

/** Of equal length, whatever was sent. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
