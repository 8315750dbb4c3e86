/** A part of the stack did not come up, or died too often; the message says which, why, and where its log is. */
export class ServiceFailedError extends Error {
  override readonly name = 'ServiceFailedError';

  constructor(
    readonly service: string,
    readonly reason: string,
    readonly logFile: string,
    lines: readonly string[] = [],
  ) {
    super([`${service}: ${reason}`, ...lines.map((line) => `    ${line}`), `    log: ${logFile}`].join('\n'));
  }
}

/** Another process listens where a part of the stack would. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError';

  constructor(
    readonly service: string,
    readonly port: number,
  ) {
    super(
      `${service}: port ${port} is taken by another process. WEIR_PORT_OFFSET moves all ports of the stack: ` +
        `WEIR_PORT_OFFSET=1000 puts this one at ${port + 1000}.`,
    );
  }
}

/** Something on this machine is missing or not as the stack needs it; the message says what to do about it. */
export class StackSetupError extends Error {
  override readonly name = 'StackSetupError';
}
