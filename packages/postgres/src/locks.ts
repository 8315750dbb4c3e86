const lock = (number: number): string => `7303014, ${number}`;

/** Arguments of `pg_advisory_lock` and `pg_advisory_xact_lock`: two 32-bit numbers, of which the first is Weir's. */
export const ADVISORY_LOCKS = {
  storeMigration: lock(1),
  /** Making and dropping daily partitions. */
  storePartitions: lock(2),
  /** Taking admins away, so that two who do at once do not take away the last two. */
  admins: lock(3),
  adminMigration: lock(4),
} as const;
