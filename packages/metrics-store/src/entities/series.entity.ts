import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** What a series is: tenant, name, environment and labels, under the hash of them (`seriesId`). Never updated. */
@Entity({ schema: 'metrics', name: 'series' })
@Index('series_by_name', ['tenantId', 'name'])
@Check('series_tenant_length', 'octet_length(tenant_id) BETWEEN 1 AND 256')
@Check('series_name_length', 'octet_length(name) BETWEEN 1 AND 1024')
@Check('series_labels_object', `jsonb_typeof(labels) = 'object'`)
export class SeriesEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column({ type: 'text', name: 'tenant_id', collation: 'C' })
  tenantId!: string;

  @Column({ type: 'text', collation: 'C' })
  name!: string;

  @Column({ type: 'text', nullable: true, collation: 'C' })
  environment!: string | null;

  @Column('jsonb')
  labels!: Record<string, string>;

  @Column('timestamptz', { name: 'first_seen', default: () => 'now()' })
  firstSeen!: Date;
}
