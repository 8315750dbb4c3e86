import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { javaProgram } from './engines/java.js';

/** For whom a certificate is, and when it is valid. */
export interface CertificateRequest {
  /** Names the file, and the key in it. */
  readonly name: string;
  /** keytool's form: `ip:127.0.0.1`, `dns:localhost`. */
  readonly hosts: readonly string[];
  /** How many days ago it became valid; today unless given. */
  readonly startsDaysAgo?: number;
  readonly validDays?: number;
}

const TEN_YEARS = 3_650;
const AUTHORITY = 'authority';
const KEY = { keyalg: 'EC', groupname: 'secp256r1' } as const;
const PASSWORD = 'WEIR_STORE_PASSWORD';
/** A JVM that lives for the tenth of a second need not be tuned by its compiler. */
const BRIEF_JVM = ['-J-XX:TieredStopAtLevel=1', '-J-XX:+UseSerialGC'] as const;
const run = promisify(execFile);

/**
 * A certificate authority of this machine alone, for the listeners of its brokers.
 *
 * Everything is made by `keytool`, which comes with the Java that runs Kafka. The directory holds the authority's certificate, which
 * clients are told of, and keystores, of which each needs the password.
 */
export class CertificateAuthority {
  private constructor(
    private readonly directory: string,
    private readonly password: string,
  ) {}

  /** The authority in `directory`, made where there is none yet; it appears whole or not at all. */
  static async in(directory: string, password: string, signal?: AbortSignal): Promise<CertificateAuthority> {
    const authority = new CertificateAuthority(directory, password);
    if (existsSync(directory)) return authority;
    const draft = new CertificateAuthority(`${directory}.draft`, password);
    rmSync(draft.directory, { recursive: true, force: true });
    mkdirSync(draft.directory, { recursive: true, mode: 0o700 });
    const { keystore, certificateFile } = draft;
    const key = { ...KEY, dname: 'CN=Weir on this machine', validity: TEN_YEARS, ext: ['bc:c', 'ku:c=keyCertSign'] };
    await draft.keytool('genkeypair', { alias: AUTHORITY, keystore, ...key }, signal);
    await draft.keytool('exportcert', { alias: AUTHORITY, keystore, file: certificateFile, rfc: null }, signal);
    renameSync(draft.directory, directory);
    return authority;
  }

  /** The authority's own certificate, in PEM: what clients are to trust. */
  get certificateFile(): string {
    return CertificateAuthority.certificateFileIn(this.directory);
  }

  /** Where the certificate of an authority in `directory` lies, or will. */
  static certificateFileIn(directory: string): string {
    return join(directory, 'ca.pem');
  }

  /** Issues a certificate with its key, and answers the PKCS #12 file that holds both; one of that name is used again. */
  async issue(
    { name, hosts, startsDaysAgo = 0, validDays = TEN_YEARS }: CertificateRequest,
    signal?: AbortSignal,
  ): Promise<string> {
    const file = join(this.directory, `${name}.p12`);
    if (existsSync(file)) return file;
    const { keystore } = this;
    const validity = { startdate: `-${startsDaysAgo}d`, validity: validDays };
    const ext = [`san=${hosts.join(',')}`, 'eku=serverAuth'];
    const key = { ...KEY, ...validity, ext, dname: `CN=${name}`, signer: AUTHORITY };
    await this.keytool('genkeypair', { alias: name, keystore, ...key }, signal);
    // In a file of its own: the authority's key is nothing that a broker should hold.
    const draft = `${file}.draft`;
    rmSync(draft, { force: true });
    const copy = { srckeystore: keystore, srcalias: name, 'srcstorepass:env': PASSWORD, destkeystore: draft };
    await this.keytool('importkeystore', { ...copy, deststoretype: 'PKCS12' }, signal);
    renameSync(draft, file);
    return file;
  }

  private get keystore(): string {
    return join(this.directory, 'authority.p12');
  }

  /** Options as keytool names them; null for one without a value, a list for one that is given more than once. */
  private async keytool(
    command: 'genkeypair' | 'exportcert' | 'importkeystore',
    options: Readonly<Record<string, string | number | null | readonly string[]>>,
    signal?: AbortSignal,
  ): Promise<void> {
    const given = Object.entries(options).flatMap(([name, value]) =>
      value === null ? [`-${name}`] : [value].flat().flatMap((each) => [`-${name}`, String(each)]),
    );
    const store = command === 'importkeystore' ? ['-deststorepass:env', PASSWORD] : ['-storepass:env', PASSWORD];
    await run(keytoolProgram(), [...BRIEF_JVM, `-${command}`, ...given, ...store, '-noprompt'], {
      env: { ...process.env, [PASSWORD]: this.password },
      ...(signal !== undefined && { signal }),
    });
  }
}

/** Beside the java that is used. */
function keytoolProgram(): string {
  const java = javaProgram();
  return java === 'java' ? 'keytool' : join(dirname(java), 'keytool');
}
