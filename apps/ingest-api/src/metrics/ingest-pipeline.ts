import type { IncomingMessage } from 'node:http';
import { setImmediate as othersTurn } from 'node:timers/promises';

import { withoutRecords } from '@weir/kafka';
import type { Traces } from '@weir/telemetry';
import type { KnownTenant, TenantsView } from '@weir/tenancy';

import type { TenantQuotas } from '../limits/tenant-quotas.js';
import type { Admission, AdmittedRequest } from './admission.js';
import { authenticate } from './authenticate.js';
import { decompress } from './decompress.js';
import { FairQueue } from './fair-queue.js';
import type { IngestLimits } from './ingest-limits.js';
import { judgeMetrics, type RejectedSample, type Verdicts } from './judge-metrics.js';
import { withSeriesLimit } from './series-limit.js';
import { bytesOf, type MetricsPublisher } from './metrics-publisher.js';
import { parsePayload } from './parse-payload.js';
import { isGzip, payloadFormat, type PayloadFormat } from './payload-format.js';
import { RequestRefused } from './problems.js';
import { readBody } from './read-body.js';
import { withSendSpan } from './send-span.js';

/** What became of a request that was not refused whole. */
export interface Taken {
  readonly tenantId: string;
  readonly accepted: number;
  readonly rejected: readonly RejectedSample[];
  /** From handing the samples over to Kafka to their acknowledgement. */
  readonly acknowledgedAfterSeconds: number;
}

/** Whether this instance takes requests in. */
export interface Door {
  /** Why it takes nothing in at the moment; null where it does. */
  closed(): 'kafka_disabled' | 'shutting_down' | null;
  /** Aborted where the process ends and bodies that are not whole are waited for no longer. */
  readonly ending: AbortSignal;
}

/**
 * Takes one request in.
 *
 * Guarantee: when `take` resolves, every accepted sample is in the log of all in-sync replicas, and every other one is in
 * `rejected`. It throws RequestRefused otherwise: nothing of the request is in Kafka then, unless the code is `delivery_unknown`.
 */
export class IngestPipeline {
  /** Bodies that take long to read. */
  private readonly heavy = new FairQueue(HEAVY_AT_ONCE, MAX_WAIT_MS);
  /** Samples that Kafka has not acknowledged. */
  private readonly unacknowledged: FairQueue;
  private received = 0;

  constructor(
    private readonly door: Door,
    private readonly tenants: TenantsView,
    private readonly admission: Admission,
    private readonly quotas: TenantQuotas,
    private readonly publisher: MetricsPublisher,
    private readonly limits: IngestLimits,
    private readonly traces: Traces | null = null,
  ) {
    this.unacknowledged = new FairQueue(limits.maxUnacknowledgedSamples, MAX_WAIT_MS);
  }

  /** Requests in each line. */
  get waiting(): { readonly body: number; readonly kafka: number } {
    return { body: this.heavy.length, kafka: this.unacknowledged.length };
  }

  /** Of bodies, since the start. */
  get receivedBytes(): number {
    return this.received;
  }

  async take(request: IncomingMessage, correlationId: string): Promise<Taken> {
    const nowMs = Date.now();
    const closed = this.door.closed();
    if (closed !== null) throw new RequestRefused(closed);
    const tenant = authenticate(request.headers, this.tenants, nowMs); //  1. before a byte of the body is read
    this.quotas.enter(tenant); //                                          2. if the tenant may send anything now
    const place = this.admission.enter(tenant); //                            and there is a place among the requests in flight
    try {
      const work = { request, correlationId, tenant, place, nowMs };
      const { accepted, rejected, acknowledged } = await this.submit(work); // 3. read, parsed, judged, on its way
      const sentAt = performance.now();
      await acknowledged; //                                               4. and only then answered
      const acknowledgedAfterSeconds = (performance.now() - sentAt) / 1_000;
      return { tenantId: tenant.id, accepted, rejected, acknowledgedAfterSeconds };
    } finally {
      place.leave();
    }
  }

  /** Whoever waits for the acknowledgement holds on to nothing of the body: only what is returned here. */
  private async submit(work: Work): Promise<Submitted> {
    const { request, place } = work;
    const { headers } = request;
    if (isWithoutBody(headers) && headers['content-type'] === undefined) throw new RequestRefused('empty');
    const format = payloadFormat(headers['content-type']);
    const gzip = isGzip(headers['content-encoding']);
    const { maxBodyBytes, bodyTimeoutMs } = this.limits;
    const { ending } = this.door;
    const sent = await readBody(request, place, { maxBytes: maxBodyBytes, timeoutMs: bodyTimeoutMs, ending });
    this.received += sent.length;
    if (!gzip && sent.length <= LIGHT_BYTES) return this.send(this.judge(this.parse(sent, format), work), work);
    await this.turnIn(this.heavy, 1, work);
    try {
      const body = gzip && sent.length > 0 ? await decompress(sent, this.limits.maxDecompressedBytes) : sent;
      // Each of the steps holds the thread for tens of milliseconds where the body is large.
      await othersTurn();
      const items = this.parse(body, format);
      await othersTurn();
      const verdicts = this.judge(items, work);
      await othersTurn();
      return await this.send(verdicts, work);
    } finally {
      this.heavy.leave(1);
    }
  }

  private parse(body: Buffer, format: PayloadFormat): readonly unknown[] {
    return parsePayload(body, format, this.limits.maxSamples);
  }

  private judge(items: readonly unknown[], { tenant, nowMs }: Work): Verdicts {
    const verdicts = judgeMetrics(items, { tenantId: tenant.id, limits: tenant.limits, nowMs });
    if (verdicts.accepted.length > 0) return verdicts;
    throw new RequestRefused('all_rejected', undefined, { rejected: verdicts.rejected, tenantId: tenant.id });
  }

  /** Resolves once the records are on their way. From here on the request holds them, and its body no more. */
  private send(verdicts: Verdicts, work: Work): Promise<Submitted> {
    const { topic } = this.publisher;
    const sent = { topic, tenantId: work.tenant.id, records: verdicts.accepted.length };
    return withSendSpan(this.traces, work.request.headers, sent, (traceparent) =>
      this.sendAs(traceparent, verdicts, work),
    );
  }

  private async sendAs(traceparent: string | null, { accepted, rejected }: Verdicts, work: Work): Promise<Submitted> {
    const { correlationId, tenant, place } = work;
    const all = this.publisher.recordsOf(accepted, { tenantId: tenant.id, correlationId, traceparent });
    place.holdBytes(bytesOf(all));
    const giveBack = await this.quotas.takeSamples(tenant, accepted.length);
    // Only what may come at this rate begins a series.
    const over = await this.quotas.overSeriesLimit(tenant, all.keys);
    const records = over === null ? all : withoutRecords(all, over);
    const told = over === null ? rejected : withSeriesLimit({ accepted, rejected }, over);
    const length = accepted.length - (over?.length ?? 0);
    if (over !== null) giveBack(over.length);
    if (length === 0) throw new RequestRefused('series_limited', undefined, { rejected: told, tenantId: tenant.id });
    await this.turnIn(this.unacknowledged, length, work).catch((refusal: unknown) => {
      giveBack(length);
      throw refusal;
    });
    const acknowledged = this.publisher.send(records).finally(() => this.unacknowledged.leave(length));
    return { accepted: length, rejected: told, acknowledged };
  }

  private async turnIn(queue: FairQueue, weight: number, { request, tenant }: Work): Promise<void> {
    if (!(await queue.enter(tenant.id, weight))) throw new RequestRefused('overloaded');
    if (!request.socket.destroyed) return;
    queue.leave(weight);
    throw new RequestRefused('body_incomplete'); // nobody waits for an answer any more, and will send it again
  }
}

interface Work {
  readonly request: IncomingMessage;
  readonly correlationId: string;
  readonly tenant: KnownTenant;
  readonly place: AdmittedRequest;
  readonly nowMs: number;
}

interface Submitted {
  readonly accepted: number;
  readonly rejected: readonly RejectedSample[];
  readonly acknowledged: Promise<void>;
}

/** Long enough for a burst, and short enough that a caller is told of an overload rather than left waiting. */
const MAX_WAIT_MS = 5_000;
/** One is inflated while another is parsed. More would hold several times as much memory and be no quicker. */
const HEAVY_AT_ONCE = 2;
/** A hundred metrics or so, some tenths of a millisecond: waiting for a turn would cost as much. */
const LIGHT_BYTES = 32 * 1024;

function isWithoutBody(headers: IncomingMessage['headers']): boolean {
  return headers['transfer-encoding'] === undefined && (headers['content-length'] ?? '0') === '0';
}
