import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** One value of a series at a time. Partitioned by day of `ts`, or a hypertable. */
@Entity({ schema: 'metrics', name: 'samples' })
@Check('samples_value_finite', `value > '-Infinity' AND value < 'Infinity'`)
export class SampleEntity {
  @PrimaryColumn('uuid', { name: 'series_id' })
  seriesId!: string;

  @PrimaryColumn('timestamptz')
  ts!: Date;

  @Column('float8')
  value!: number;

  /** Epoch milliseconds of the broker's append (guarantees, rule 7). */
  @Column('bigint')
  version!: string;
}
