import { type Connection, type PoolClient, type QueryResultRow, type Submittable, types } from 'pg';

import type { PreparedStatements } from './prepared-statements.js';

/** One SQL statement with its parameters. */
export interface Statement {
  readonly text: string;
  readonly values?: readonly (string | number | Buffer | null | readonly (string | number)[])[];
  /** Whether it is asked so often that the server should keep its plan. */
  readonly prepared?: boolean;
}

/** Statements that go together: one whose rows are wanted, and what has to come before and after it. */
export interface Statements {
  readonly before: readonly Statement[];
  readonly question: Statement;
  readonly after: readonly Statement[];
}

/**
 * Sends statements in one write with one Sync behind them, and resolves to the rows of the question.
 *
 * Where one fails the server skips all that come after it, so none ever runs without those before it (PostgreSQL 18, section
 * 54.2.4, "Pipelining"). Rejects with the error of `pg`.
 */
export function fly<R extends QueryResultRow>(
  client: PoolClient,
  prepared: PreparedStatements,
  statements: Statements,
): Promise<R[]> {
  return new Promise((resolve, reject) => {
    client.query(
      new Flight(prepared, statements, (error, rows = []) => {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the statement's author says what its rows are, as with `pg`
        if (error === null) resolve(rows as R[]);
        else reject(error);
      }),
    );
  });
}

type TypeId = Parameters<typeof types.getTypeParser>[0];

interface Column {
  readonly name: string;
  readonly parse: (text: string) => unknown;
}

type Landed = (error: Error | null, rows?: QueryResultRow[]) => void;

/** What `pg` calls a query of one's own: it is sent once the connection is free, and told of each message that comes back. */
class Flight implements Submittable {
  private readonly statements: readonly Statement[];
  private columns: readonly Column[] = [];
  private readonly rows: QueryResultRow[] = [];
  /** Names of what the server has yet to prepare, in the order of the statements. */
  private names: string[] = [];
  private known = new Set<string>();

  constructor(
    private readonly prepared: PreparedStatements,
    private readonly asked: Statements,
    /** `pg` puts its own time-out around it. */
    public callback: Landed,
  ) {
    this.statements = [...asked.before, asked.question, ...asked.after];
  }

  submit(connection: Connection): void {
    this.known = this.prepared.of(connection);
    this.names = this.statements.map(({ text, prepared }) => (prepared === true ? this.prepared.nameOf(text) : ''));
    connection.stream.cork();
    this.statements.forEach((statement, i) => this.send(connection, statement, this.names[i] ?? ''));
    connection.sync();
    connection.stream.uncork();
  }

  private send(connection: Connection, statement: Statement, name: string): void {
    const { text, values = [] } = statement;
    if (!this.known.has(name)) {
      // It may be there since a flight that failed behind it. Closing what is not there is no error.
      if (name !== '') connection.close({ type: 'S', name }, true);
      connection.parse({ name, text, types: [] }, true);
    }
    connection.bind({ statement: name, values: values.map(parameterOf) }, true);
    if (statement === this.asked.question) connection.describe({ type: 'P' }, true);
    connection.execute(null, true);
  }

  handleRowDescription({ fields }: { fields: readonly { name: string; dataTypeID: TypeId }[] }): void {
    // oxlint-disable-next-line typescript/no-unsafe-assignment -- untyped in `pg`: takes the text of a value
    this.columns = fields.map(({ name, dataTypeID }) => ({ name, parse: types.getTypeParser(dataTypeID) }));
  }

  /** Rows come behind their description, and nobody asked for one of any other statement. */
  handleDataRow({ fields }: { fields: readonly (string | null)[] }): void {
    if (this.columns.length === 0) return;
    const row: QueryResultRow = {};
    this.columns.forEach(({ name, parse }, i) => {
      const text = fields[i] ?? null;
      row[name] = text === null ? null : parse(text);
    });
    this.rows.push(row);
  }

  /** Once for each statement. */
  handleCommandComplete(): void {
    const name = this.names.shift() ?? '';
    if (name !== '') this.known.add(name);
  }

  handleError(error: Error): void {
    this.callback(error);
  }

  handleReadyForQuery(): void {
    this.callback(null, this.rows);
  }
}

/** Arrays are of ids and numbers, which need no quotes. */
function parameterOf(value: NonNullable<Statement['values']>[number]): string | Buffer | null {
  if (typeof value === 'string' || value === null || Buffer.isBuffer(value)) return value;
  return typeof value === 'number' ? String(value) : `{${value.join(',')}}`;
}
