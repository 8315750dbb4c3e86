import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';

import { SchemaIncompatibleError, SchemaRegistryUnavailableError, classify, messageOf } from '@weir/errors';
// The package's own API of the registry, below its class SchemaRegistry. The class parses what it fetches and so cannot
// give a schema's text, tells a registry that is down from an unreadable schema by no sign, and sets a subject's
// compatibility only after it has registered the first schema there.
import confluent from '@kafkajs/confluent-schema-registry/dist/api/index.js';

import type {
  Compatibility,
  CompatibilityVerdict,
  ObservableRegistry,
  RegisteredSchema,
  RegistryObserver,
  RegistryOperation,
  SchemaCatalogue,
  SchemaLookupOptions,
  SchemaRegistryClient,
} from './registry.js';

export interface SchemaRegistryConnection {
  /** The registry's root, such as `http://registry:8081`; for Apicurio with its path `/apis/ccompat/v7`. */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  /** How long one request may take in all, in milliseconds; 5000 unless given. */
  readonly requestTimeoutMs?: number;
}

type RegistryCall = (parameters: Record<string, string | number | object>) => Promise<{ data(): unknown }>;

const CLIENT_ID = 'weir';
const DEFAULT_REQUEST_TIMEOUT_MS = 5_000;
const CONFLICT = 409;
const UNPROCESSABLE = 422;
const NOT_FOUND = 404;

/** Opens nothing: the registry is first asked by the first call. */
export function connectSchemaRegistry(
  connection: SchemaRegistryConnection,
): SchemaRegistryClient & SchemaCatalogue & ObservableRegistry {
  return new ConfluentSchemaRegistry(connection);
}

/** The Confluent registry API, which Apicurio and Karapace speak too. */
class ConfluentSchemaRegistry implements SchemaRegistryClient, SchemaCatalogue, ObservableRegistry {
  private readonly api: ReturnType<typeof confluent.default>;
  private readonly requestTimeoutMs: number;
  private readonly texts = new Map<number, string>();
  private readonly underWay = new Map<number, Promise<string | null>>();
  private observer: RegistryObserver = () => undefined;

  constructor({ url, username, password, requestTimeoutMs }: SchemaRegistryConnection) {
    const root = new URL(url);
    const user = username ?? decodeURIComponent(root.username);
    const secret = password ?? decodeURIComponent(root.password);
    // Taken out of the address, which the client puts into its messages.
    root.username = '';
    root.password = '';
    this.requestTimeoutMs = requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS;
    this.api = confluent.default({
      host: root.href.replace(/\/+$/, ''),
      clientId: CLIENT_ID,
      // One try for each call: whoever calls knows whether it can wait, and how long.
      retry: { retries: 0 },
      // No connection is kept: requests are few, and one kept across a restart of the registry would fail the next call.
      agent: root.protocol === 'https:' ? new HttpsAgent() : new HttpAgent(),
      ...(user === '' ? {} : { auth: { username: user, password: secret } }),
    });
  }

  observe(observer: RegistryObserver): void {
    this.observer = observer;
  }

  async register(subject: string, schemaJson: string, compatibility: Compatibility): Promise<number> {
    // 1. The level, before the schema: it decides whether the schema is taken. Apicurio's own default is NONE.
    await this.setCompatibility(subject, compatibility);
    // 2. The schema. The same text again answers with the id that it has.
    const id = await this.registerSchema(subject, schemaJson);
    // 3. Again, for a registry that keeps no level for a subject without schemas; and then it has to be there.
    await this.setCompatibility(subject, compatibility);
    const level = await this.compatibilityOf(subject);
    if (level !== compatibility)
      throw new SchemaRegistryUnavailableError(
        `The subject ${subject} has compatibility ${level} after ${compatibility} was set.`,
      );
    this.texts.set(id, schemaJson);
    return id;
  }

  async idOf(subject: string, schemaJson: string): Promise<number | null> {
    const body = { schema: schemaJson };
    const answer = await this.orNotFound(
      this.ask('lookup', 'look up a schema', this.api.Subject.registered, { subject, body }),
    );
    return answer === null ? null : schemaIdIn(answer);
  }

  async schemaById(id: number, { fresh = false }: SchemaLookupOptions = {}): Promise<string | null> {
    const known = this.texts.get(id);
    if (known !== undefined && !fresh) return known;
    // Many batches may meet an id at once; the registry is asked once.
    let request = this.underWay.get(id);
    if (request === undefined) {
      request = this.fetchSchema(id).finally(() => this.underWay.delete(id));
      this.underWay.set(id, request);
    }
    return await request;
  }

  async ping(): Promise<void> {
    await this.subjects();
  }

  async subjects(): Promise<readonly string[]> {
    const subjects: unknown = await this.ask('subjects', 'list the subjects', this.api.Subject.all, {});
    if (!Array.isArray(subjects)) throw new SchemaRegistryUnavailableError('The schema registry listed no subjects.');
    return subjects.map(String).toSorted();
  }

  async latest(subject: string): Promise<RegisteredSchema | null> {
    return registeredIn(
      await this.orNotFound(this.ask('version', 'give a version', this.api.Subject.latestVersion, { subject })),
    );
  }

  async version(subject: string, version: number): Promise<RegisteredSchema | null> {
    const which = { subject, version };
    return registeredIn(await this.orNotFound(this.ask('version', 'give a version', this.api.Subject.version, which)));
  }

  async check(subject: string, schemaJson: string): Promise<CompatibilityVerdict | null> {
    // Without `verbose` a registry says no more than yes or no.
    const which = { subject, verbose: 'true', body: { schema: schemaJson } };
    try {
      const answer = await this.orNotFound(this.ask('check', 'check a schema', this.api.Subject.compatible, which));
      if (answer === null) return null;
      const messages = field(answer, 'messages');
      return {
        compatible: field(answer, 'is_compatible') === true,
        messages: Array.isArray(messages) ? messages.map(String) : [],
      };
    } catch (error) {
      const { context, message, cause } = classify(error);
      if (context['status'] !== UNPROCESSABLE) throw error;
      throw new SchemaIncompatibleError(`${subject}: ${message}`, { cause, context: { ...context, subject } });
    }
  }

  private async fetchSchema(id: number): Promise<string | null> {
    const answer = await this.orNotFound(this.ask('schema', 'give a schema', this.api.Schema.find, { id }));
    if (answer === null) return null;
    const text = field(answer, 'schema');
    if (typeof text !== 'string')
      throw new SchemaRegistryUnavailableError('The schema registry answered without a schema.');
    this.texts.set(id, text);
    return text;
  }

  private async registerSchema(subject: string, schemaJson: string): Promise<number> {
    try {
      const body = { schema: schemaJson };
      return schemaIdIn(await this.ask('register', 'register a schema', this.api.Subject.register, { subject, body }));
    } catch (error) {
      const { context, message, cause } = classify(error);
      // A conflict may also be two that create the subject at once, which goes away by itself.
      const incompatible = context['status'] === CONFLICT && /incompatib/i.test(message);
      if (!incompatible && context['status'] !== UNPROCESSABLE) throw error;
      throw new SchemaIncompatibleError(`${subject}: ${message}`, { cause, context: { ...context, subject } });
    }
  }

  private async setCompatibility(subject: string, compatibility: Compatibility): Promise<void> {
    if ((await this.compatibilityOf(subject)) === compatibility) return;
    const body = { compatibility };
    try {
      await this.orNotFound(
        this.ask('compatibility', 'set a compatibility', this.api.Subject.updateConfig, { subject, body }),
      );
    } catch (error) {
      // Of two that set it at once Apicurio refuses one, although both want the same.
      if ((await this.compatibilityOf(subject)) !== compatibility) throw error;
    }
  }

  async compatibilityOf(subject: string): Promise<string | null> {
    const answer = await this.orNotFound(
      this.ask('compatibility', 'tell a compatibility', this.api.Subject.config, { subject }),
    );
    const level = field(answer, 'compatibilityLevel');
    return typeof level === 'string' ? level.toUpperCase() : null;
  }

  /** One request. Rejects with SchemaRegistryUnavailableError whatever went wrong; its context has the answer's status. */
  private async ask(
    operation: RegistryOperation,
    purpose: string,
    call: RegistryCall,
    parameters: Record<string, string | number | object>,
  ): Promise<object> {
    const deadline = AbortSignal.timeout(this.requestTimeoutMs);
    // The client settles no promise for a connection cut within an answer, so the deadline does.
    const late = new Promise<never>((_, reject) => {
      const onDeadline = () => reject(new Error(`no answer within ${this.requestTimeoutMs} ms`));
      deadline.addEventListener('abort', onDeadline, { once: true });
    });
    const askedAt = performance.now();
    const ended = (outcome: 'success' | 'error'): void =>
      this.observer(operation, outcome, (performance.now() - askedAt) / 1_000);
    try {
      const answer = (await Promise.race([call({ ...parameters, signal: deadline }), late])).data();
      // Null is this class's own word for "not found", so a proxy's empty 200 must not become one.
      if (typeof answer !== 'object' || answer === null) throw new Error('the answer is no JSON of a registry');
      ended('success');
      return answer;
    } catch (error) {
      ended(answeredStatus(error) === NOT_FOUND ? 'success' : 'error');
      const reason = messageOf(error).replace(INVENTED, '').slice(0, LONGEST_REASON);
      throw new SchemaRegistryUnavailableError(`The schema registry did not ${purpose}: ${reason}`, {
        cause: error,
        context: { status: answeredStatus(error) },
      });
    }
  }

  /** Turns the 404 of a registry, and no other failure, into null. */
  private async orNotFound(request: Promise<object>): Promise<object | null> {
    try {
      return await request;
    } catch (error) {
      if (classify(error).context['status'] === NOT_FOUND) return null;
      throw error;
    }
  }
}

const LONGEST_REASON = 300;
/** What the client puts before the words of a registry, and before those of a socket. */
const INVENTED = new RegExp(`^${CLIENT_ID} - (Error, status 400: )?`);
/** What the client says where an answer has no message, as a registry's always has. */
const NO_REGISTRY_ANSWER = 'Error, status ';

/**
 * The status that a registry answered with; undefined where the answer was a proxy's or where there was none, for which
 * the client invents a 400.
 */
function answeredStatus(error: unknown): number | undefined {
  const status = field(error, 'status');
  return typeof status === 'number' && !messageOf(error).includes(NO_REGISTRY_ANSWER) ? status : undefined;
}

function registeredIn(answer: object | null): RegisteredSchema | null {
  if (answer === null) return null;
  const [version, schema] = [field(answer, 'version'), field(answer, 'schema')];
  if (typeof version !== 'number' || typeof schema !== 'string')
    throw new SchemaRegistryUnavailableError('The schema registry answered without a version of a schema.');
  return { version, id: schemaIdIn(answer), schema };
}

function schemaIdIn(answer: unknown): number {
  const id = field(answer, 'id');
  if (!Number.isInteger(id))
    throw new SchemaRegistryUnavailableError('The schema registry answered without a schema id.');
  return Number(id);
}

function field(answer: unknown, name: string): unknown {
  return typeof answer === 'object' && answer !== null
    ? Object.entries(answer).find(([key]) => key === name)?.[1]
    : undefined;
}
