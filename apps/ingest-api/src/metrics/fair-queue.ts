/**
 * Lets so much through at once, and has the rest wait in line, tenant after tenant: a tenant waits for one request of each other
 * tenant and not for all that a flood has put in line before it.
 */
export class FairQueue {
  private inside = 0;
  private inLine = 0;
  /** Whoever comes first in it is next; a tenant that had its turn goes to the end. */
  private readonly waiting = new Map<string, Waiter[]>();

  /** `capacity` in whatever is passed as weight. What weighs more than all of it goes alone. */
  constructor(
    private readonly capacity: number,
    private readonly maxWaitMs: number,
  ) {}

  /** How many wait. */
  get length(): number {
    return this.inLine;
  }

  /** Resolves with true once it is this one's turn, and `leave` has to follow; with false where it had not come within `maxWaitMs`. */
  async enter(tenantId: string, weight: number): Promise<boolean> {
    if (this.waiting.size === 0 && this.fits(weight)) {
      this.inside += weight;
      return true;
    }
    this.inLine += 1;
    return new Promise((resolve) => {
      const waiter: Waiter = {
        weight,
        admit: () => {
          clearTimeout(timer);
          resolve(true);
        },
      };
      const timer = setTimeout(() => {
        this.giveUp(tenantId, waiter);
        resolve(false);
      }, this.maxWaitMs);
      const line = this.waiting.get(tenantId);
      if (line === undefined) this.waiting.set(tenantId, [waiter]);
      else line.push(waiter);
    });
  }

  leave(weight: number): void {
    this.inside -= weight;
    this.admitNext();
  }

  private fits(weight: number): boolean {
    return this.inside === 0 || this.inside + weight <= this.capacity;
  }

  private admitNext(): void {
    for (;;) {
      const [next] = this.waiting;
      const first = next?.[1][0];
      if (next === undefined || first === undefined || !this.fits(first.weight)) return;
      const [tenantId, line] = next;
      line.shift();
      this.inLine -= 1;
      this.waiting.delete(tenantId);
      if (line.length > 0) this.waiting.set(tenantId, line);
      this.inside += first.weight;
      first.admit();
    }
  }

  private giveUp(tenantId: string, waiter: Waiter): void {
    this.inLine -= 1;
    const line = (this.waiting.get(tenantId) ?? []).filter((other) => other !== waiter);
    if (line.length > 0) this.waiting.set(tenantId, line);
    else this.waiting.delete(tenantId);
    this.admitNext(); // whoever came after it may be lighter
  }
}

interface Waiter {
  readonly weight: number;
  readonly admit: () => void;
}
