/** Lets a loop sleep until something happens. What happens while nobody sleeps is not forgotten: the next sleep ends at once. */
export class Wake {
  private called = false;
  private end: (() => void) | null = null;

  call(): void {
    this.called = true;
    this.end?.();
  }

  /** Forgets what happened while nobody slept. */
  reset(): void {
    this.called = false;
  }

  /** Resolves at the next `call`, at the latest after `timeoutMs`. */
  async wait(timeoutMs: number): Promise<void> {
    if (!this.called)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.end = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    this.end = null;
    this.called = false;
  }
}
