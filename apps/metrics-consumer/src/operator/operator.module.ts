import { type DynamicModule, Global, Module } from '@nestjs/common';

import type { OperatorConfig } from './operator.config.js';
import { OPERATOR_CONFIG } from './operator.guard.js';

/** Who may do what only an operator may: `@UseGuards(OperatorGuard)` on a route of any module. */
@Global()
@Module({})
export class OperatorModule {
  static forRoot(config: OperatorConfig): DynamicModule {
    return {
      module: OperatorModule,
      providers: [{ provide: OPERATOR_CONFIG, useValue: config }],
      exports: [OPERATOR_CONFIG],
    };
  }
}
