import protobuf from 'protobufjs';

/** A span as OTLP has it, with the name of the service that it is from. */
export interface OtlpSpan {
  readonly service: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Null for the first span of a trace. */
  readonly parentSpanId: string | null;
  readonly name: string;
  readonly kind: (typeof KINDS)[number];
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status: (typeof STATUSES)[number];
  /** Epoch milliseconds. */
  readonly startMs: number;
  readonly endMs: number;
}

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
const STATUSES = ['unset', 'ok', 'error'] as const;

const field = (id: number, type: string) => ({ id, type });
const repeated = (id: number, type: string) => ({ id, type, rule: 'repeated' });

/** The messages of opentelemetry.proto.trace.v1 and what they are made of: their fields by number. */
const messages = protobuf.Root.fromJSON({
  nested: {
    ExportTraceServiceRequest: { fields: { resourceSpans: repeated(1, 'ResourceSpans') } },
    ResourceSpans: {
      fields: { resource: field(1, 'Resource'), scopeSpans: repeated(2, 'ScopeSpans'), schemaUrl: field(3, 'string') },
    },
    Resource: { fields: { attributes: repeated(1, 'KeyValue'), droppedAttributesCount: field(2, 'uint32') } },
    ScopeSpans: {
      fields: { scope: field(1, 'Scope'), spans: repeated(2, 'Span'), schemaUrl: field(3, 'string') },
    },
    Scope: { fields: { name: field(1, 'string'), version: field(2, 'string') } },
    Span: {
      fields: {
        traceId: field(1, 'bytes'),
        spanId: field(2, 'bytes'),
        traceState: field(3, 'string'),
        parentSpanId: field(4, 'bytes'),
        name: field(5, 'string'),
        kind: field(6, 'int32'),
        startTimeUnixNano: field(7, 'fixed64'),
        endTimeUnixNano: field(8, 'fixed64'),
        attributes: repeated(9, 'KeyValue'),
        links: repeated(13, 'Link'),
        status: field(15, 'Status'),
        flags: field(16, 'fixed32'),
      },
    },
    Link: {
      fields: {
        traceId: field(1, 'bytes'),
        spanId: field(2, 'bytes'),
        traceState: field(3, 'string'),
        attributes: repeated(4, 'KeyValue'),
        flags: field(6, 'fixed32'),
      },
    },
    Status: { fields: { message: field(2, 'string'), code: field(3, 'int32') } },
    KeyValue: { fields: { key: field(1, 'string'), value: field(2, 'AnyValue') } },
    AnyValue: {
      fields: {
        stringValue: field(1, 'string'),
        boolValue: field(2, 'bool'),
        intValue: field(3, 'int64'),
        doubleValue: field(4, 'double'),
      },
    },
  },
});

/** What both encodings come to, but for ids: JSON has them in hexadecimal, protobufjs gives bytes in Base64. */
interface Request {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: readonly KeyValue[] };
    readonly scopeSpans?: readonly { readonly spans?: readonly RawSpan[] }[];
  }[];
}

interface KeyValue {
  readonly key: string;
  readonly value?: Readonly<Record<string, unknown>>;
}

interface RawLink {
  readonly traceId: string;
  readonly spanId: string;
}

interface RawSpan extends RawLink {
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind?: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly KeyValue[];
  readonly links?: readonly RawLink[];
  readonly status?: { readonly code?: number };
}

/** Spans of an ExportTraceServiceRequest as binary protobuf. Throws where it is none. */
export function spansOfProtobuf(body: Uint8Array): OtlpSpan[] {
  const type = messages.lookupType('ExportTraceServiceRequest');
  const request = type.toObject(type.decode(body), { longs: String, bytes: String });
  return spansOf(request, (id) => Buffer.from(id, 'base64').toString('hex'));
}

/** The same as JSON. */
export function spansOfJson(body: string): OtlpSpan[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a test's own messages
  return spansOf(JSON.parse(body) as Request, (id) => id);
}

function spansOf({ resourceSpans = [] }: Request, idOf: (id: string) => string): OtlpSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans = [] }) => {
    const service = String(attributesOf(resource?.attributes)['service.name']);
    const made = (raw: RawSpan) => spanOf(raw, service, idOf);
    return scopeSpans.flatMap(({ spans = [] }) => spans.map(made));
  });
}

function spanOf(raw: RawSpan, service: string, idOf: (id: string) => string): OtlpSpan {
  const { parentSpanId = '' } = raw;
  const reference = ({ traceId, spanId }: RawLink) => ({ traceId: idOf(traceId), spanId: idOf(spanId) });
  return {
    service,
    ...reference(raw),
    parentSpanId: parentSpanId === '' ? null : idOf(parentSpanId),
    name: raw.name,
    kind: KINDS[raw.kind ?? 0] ?? 'unspecified',
    attributes: attributesOf(raw.attributes),
    links: (raw.links ?? []).map(reference),
    status: STATUSES[raw.status?.code ?? 0] ?? 'unset',
    startMs: Number(raw.startTimeUnixNano) / 1e6,
    endMs: Number(raw.endTimeUnixNano) / 1e6,
  };
}

function attributesOf(pairs: readonly KeyValue[] = []): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map(({ key, value = {} }) => {
      const { intValue, ...others } = value;
      return [key, intValue === undefined ? Object.values(others)[0] : Number(intValue)];
    }),
  );
}
