import type { IncomingMessage } from 'node:http';

import type { TenantsView } from '@weir/tenancy';

import type { Admission, AdmittedRequest } from './admission.js';
import { authenticate } from './authenticate.js';
import { decompress } from './decompress.js';
import type { IngestLimits } from './ingest-limits.js';
import { judgeMetrics, type RejectedSample } from './judge-metrics.js';
import type { MetricsPublisher } from './metrics-publisher.js';
import { parsePayload } from './parse-payload.js';
import { isGzip, payloadFormat } from './payload-format.js';
import { RequestRefused } from './problems.js';
import { readBody } from './read-body.js';
import { validTraceparent } from './trace-context.js';

/** What became of a request that was not refused whole. */
export interface Taken {
  readonly tenantId: string;
  readonly accepted: number;
  readonly rejected: readonly RejectedSample[];
}

/** Why this instance takes nothing in at the moment; null where it does. */
export type Closed = () => 'kafka_disabled' | 'shutting_down' | null;

/**
 * Takes one request in.
 *
 * Guarantee: when `take` resolves, every accepted sample is in the log of all in-sync replicas, and every other one is in
 * `rejected`. It throws RequestRefused otherwise: nothing of the request is in Kafka then, unless the code is `delivery_unknown`.
 */
export class IngestPipeline {
  constructor(
    private readonly closed: Closed,
    private readonly tenants: TenantsView,
    private readonly admission: Admission,
    private readonly publisher: MetricsPublisher,
    private readonly limits: IngestLimits,
  ) {}

  async take(request: IncomingMessage, correlationId: string): Promise<Taken> {
    const nowMs = Date.now();
    const closed = this.closed();
    if (closed !== null) throw new RequestRefused(closed);
    const tenant = authenticate(request.headers, this.tenants, nowMs); //  1. before a byte of the body is read
    const place = this.admission.enter(); //                               2. a place among the requests in flight
    if (place === null) throw new RequestRefused('overloaded');
    try {
      const items = await this.items(request, place); //                   3. read, decompressed and parsed, within limits
      const { accepted, rejected } = judgeMetrics(items, { tenantId: tenant.id, limits: tenant.limits, nowMs });
      if (accepted.length === 0) throw new RequestRefused('all_rejected', undefined, { rejected }); // 4. each sample judged by itself
      await this.publisher.publish(accepted, {
        tenantId: tenant.id,
        correlationId,
        traceparent: validTraceparent(request.headers['traceparent']),
      }); //                                                               5. acknowledged, and only then answered
      return { tenantId: tenant.id, accepted: accepted.length, rejected };
    } finally {
      place.leave();
    }
  }

  private async items(request: IncomingMessage, place: AdmittedRequest): Promise<readonly unknown[]> {
    const { headers } = request;
    if (isWithoutBody(headers) && headers['content-type'] === undefined) throw new RequestRefused('empty');
    const format = payloadFormat(headers['content-type']);
    const gzip = isGzip(headers['content-encoding']);
    const { maxBodyBytes, maxDecompressedBytes, maxSamples, bodyTimeoutMs } = this.limits;
    const sent = await readBody(request, place, { maxBytes: maxBodyBytes, timeoutMs: bodyTimeoutMs });
    const body = gzip && sent.length > 0 ? await decompress(sent, maxDecompressedBytes) : sent;
    return parsePayload(body, format, maxSamples);
  }
}

function isWithoutBody(headers: IncomingMessage['headers']): boolean {
  return headers['transfer-encoding'] === undefined && (headers['content-length'] ?? '0') === '0';
}
