import { createOutboxTables, dropOutboxTables } from '@weir/outbox';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is told of rows, in the transaction that writes them. */
export class CreateOutbox1795305600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of createOutboxTables('metrics')) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const statement of dropOutboxTables('metrics')) await runner.query(statement);
  }
}
