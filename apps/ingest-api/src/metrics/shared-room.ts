/** What came of asking for room: there is none, or what is left is kept for other tenants. */
export type RoomAnswer = 'held' | 'full' | 'over_share';

/**
 * Room of one kind (places, bytes), shared by tenants so that none of them can take it from the others.
 *
 * The limit of a tenant follows what is free, as in the switches that gave the rule its name (dynamic thresholds: Choudhury and Hahne, 1998):
 * `share / (1 − share)` times as much as would be left. Alone a tenant gets its share of everything; of several that take all they
 * can each gets the same, and some is always left for one who comes new. See docs/adr/0009.
 */
export class SharedRoom {
  private total = 0;
  private readonly perTenant = new Map<string, number>();

  constructor(private readonly capacity: number) {}

  get taken(): number {
    return this.total;
  }

  /**
   * Makes one holder of a tenant hold `to` in place of `from`. Less is always granted. What nobody else of the tenant holds anything beside is
   * refused only where the room is full, so that a small share never forbids a single request.
   */
  resize(tenantId: string, share: number, from: number, to: number): RoomAnswer {
    const more = to - from;
    const held = this.perTenant.get(tenantId) ?? 0;
    if (more > 0) {
      const left = this.capacity - this.total - more;
      if (left < 0) return 'full';
      const isAlone = held === from;
      if (!isAlone && (held + more) * (1 - share) > left * share) return 'over_share';
    }
    this.total += more;
    if (held + more === 0) this.perTenant.delete(tenantId);
    else this.perTenant.set(tenantId, held + more);
    return 'held';
  }
}
