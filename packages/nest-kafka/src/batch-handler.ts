import { applyDecorators, Catch, type ExceptionFilter, UseFilters } from '@nestjs/common';
import { EventPattern, MessagePattern } from '@nestjs/microservices';
import type { BatchConsumerOptions, RecordBatch, TopicPartition, TopicPartitionOffset } from '@weir/kafka';
import type { TopicDefinition } from '@weir/topics';
import { type Observable, throwError } from 'rxjs';

/** What a handler may choose for its consumer; the rest comes from `KafkaModule.forRoot`. */
export type BatchHandlerOptions = Partial<
  Omit<BatchConsumerOptions, 'topics' | 'handler' | 'startOffsets' | 'observer'>
>;

/** Marks the handlers that are BatchTransport's own, so that another transport of the same app does not get them. */
export const KAFKA_TRANSPORT = Symbol('weir.kafka');

/** What the transport finds at a handler. */
export class HandlerRegistration {
  constructor(
    readonly kind: 'batch' | 'assignment',
    readonly topic: TopicDefinition,
    readonly options: BatchHandlerOptions = {},
  ) {}

  get pattern(): Readonly<Record<string, string>> {
    return { [this.kind]: this.topic.name };
  }
}

type BatchMethod = (batch: RecordBatch) => Promise<void>;
type AssignmentMethod = (partitions: readonly TopicPartition[]) => Promise<readonly TopicPartitionOffset[]>;
/** Goes on methods of this shape alone. */
type DecoratorOf<Shape> = <Method extends Shape>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

/** Nest turns a handler's error into an Observable of "Internal server error": taken for success it would commit lost records. */
@Catch()
class RethrowFilter implements ExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}

/**
 * Makes a controller's method the handler of a topic: `(batch: RecordBatch) => Promise<void>`.
 *
 * The batch's offsets are committed once it resolves; when it rejects, the same batch comes again. Nest's pipes, guards and interceptors apply.
 */
export function BatchHandler(topic: TopicDefinition, options: BatchHandlerOptions = {}): DecoratorOf<BatchMethod> {
  const registration = new HandlerRegistration('batch', topic, options);
  return applyDecorators(
    EventPattern(registration.pattern, KAFKA_TRANSPORT, { registration }),
    UseFilters(RethrowFilter),
  );
}

/**
 * Makes a controller's method say where newly assigned partitions of a topic begin, from its own store:
 * `(partitions: readonly TopicPartition[]) => Promise<TopicPartitionOffset[]>`. See `BatchConsumerOptions.startOffsets`.
 */
export function AssignmentHandler(topic: TopicDefinition): DecoratorOf<AssignmentMethod> {
  const registration = new HandlerRegistration('assignment', topic);
  return applyDecorators(
    MessagePattern(registration.pattern, KAFKA_TRANSPORT, { registration }),
    UseFilters(RethrowFilter),
  );
}
