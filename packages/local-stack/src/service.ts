/** How one process of the stack is started and ended. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Given only by root: whom the process runs as. */
  readonly uid?: number;
  readonly gid?: number;
  /** What asks it to stop in order; SIGTERM unless given. */
  readonly stopSignal?: NodeJS.Signals;
  /** How long it may take over that before it is killed; 15 s unless given. */
  readonly stopTimeoutMs?: number;
}

/** One process of the stack: an engine's, an app's. */
export interface Service {
  /** Short and stable: `kafka`, `ingest-api`. */
  readonly name: string;
  /** For people: `Kafka 4.1.1`. */
  readonly title: string;
  /** Where it can be reached, for people; null where it listens nowhere. */
  readonly address: string | null;
  /** All must be free before it starts. */
  readonly ports: readonly number[];
  /** Where its output goes. */
  readonly logFile: string;
  /** How long it may take until `probe` resolves. */
  readonly readyTimeoutMs: number;
  /** Done once before the first start: data directories, configuration. */
  prepare?(signal: AbortSignal): Promise<void>;
  command(): Command;
  /** Resolves where the service does its work now (a real round trip), rejects with the reason where not. */
  probe(signal: AbortSignal): Promise<void>;
}
