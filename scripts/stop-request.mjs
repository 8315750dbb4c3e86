/** How the stack is asked to stop: by Ctrl-C, by a signal, by the end of the terminal or of the npm that runs us. */
export class StopRequest {
  #controller = new AbortController();
  /** What a second Ctrl-C does, which will not wait. */
  onRepeat = () => {};

  /** @param {(line: string) => void} say */
  constructor(say) {
    for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, () => this.#ask());
    if (process.env['npm_lifecycle_event'] !== undefined && process.send === undefined) this.#watchParent(say);
    /** @type {Promise<null>} resolves once it was asked for */
    this.asked = new Promise((resolve) => this.signal.addEventListener('abort', () => resolve(null), { once: true }));
  }

  /** Aborted once it was asked for. */
  get signal() {
    return this.#controller.signal;
  }

  #ask() {
    if (this.signal.aborted) this.onRepeat();
    else this.#controller.abort(new Error('asked to stop'));
  }

  /** An npm that was killed tells its child nothing: the child is given to another parent. @param {(line: string) => void} say */
  #watchParent(say) {
    const parent = process.ppid;
    const look = () => {
      if (process.ppid === parent || this.signal.aborted) return;
      say('The npm that started this has gone');
      this.#ask();
    };
    setInterval(look, 500).unref();
  }
}
