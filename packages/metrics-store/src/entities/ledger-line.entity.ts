import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What became of the offsets of one topic partition. */
@Entity({ schema: 'metrics', name: 'ledger' })
export class LedgerLineEntity {
  @PrimaryColumn('uuid', { name: 'topic_id' })
  topicId!: string;

  @PrimaryColumn('int')
  partition!: number;

  @Column('text')
  topic!: string;

  @Column('bigint')
  first!: string;

  @Column('bigint')
  next!: string;

  @Column('bigint', { default: 0 })
  stored!: string;

  @Column('bigint', { name: 'dead_lettered', default: 0 })
  deadLettered!: string;

  @Column('bigint', { default: 0 })
  gap!: string;

  @Column('bigint', { default: 0 })
  expired!: string;

  @Column('bigint', { default: 0 })
  skipped!: string;
}
