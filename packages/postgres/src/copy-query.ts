import type { Connection, Submittable } from 'pg';

// Messages begin with a letter and their length, which counts itself.
const COPY_DATA = 0x64;
const LENGTH_BYTES = 4;
const COPY_DONE = Buffer.from([0x63, 0, 0, 0, LENGTH_BYTES]);

/**
 * `… COPY … FROM STDIN` whose rows follow its text at once, in the same packet: one turn to the server, where waiting for its CopyInResponse takes
 * two. A server that refuses the text drops the rows that come all the same ("COPY Operations" in PostgreSQL's protocol), and is ready again.
 *
 * Give it to `client.query`. Other statements may stand before the COPY.
 */
export class CopyQuery implements Submittable {
  /** How many rows the server took. Rejects with its error. */
  readonly done: Promise<number>;
  private rows = 0;
  private resolve: (rows: number) => void = () => {};
  private reject: (error: unknown) => void = () => {};

  constructor(
    private readonly text: string,
    /** The body of the copy, as its format wants it. */
    private readonly body: Buffer,
  ) {
    this.done = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  /** pg puts one in its place that stops the clock of `query_timeout`. */
  callback = (): void => {};

  submit(connection: Connection): void {
    const { stream } = connection;
    stream.cork();
    connection.query(this.text);
    const data = Buffer.from([COPY_DATA, 0, 0, 0, 0]);
    data.writeUInt32BE(LENGTH_BYTES + this.body.length, 1);
    for (const part of [data, this.body, COPY_DONE]) stream.write(part);
    stream.uncork();
  }

  // What pg's client tells of the query under way.

  handleCopyInResponse(): void {
    // The rows are on their way.
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    const taken = /^COPY (?<rows>\d+)$/u.exec(text)?.groups?.['rows'];
    if (taken !== undefined) this.rows = Number(taken);
  }

  handleReadyForQuery(): void {
    this.callback();
    this.resolve(this.rows);
  }

  handleError(error: unknown): void {
    this.callback();
    this.reject(error);
  }
}
