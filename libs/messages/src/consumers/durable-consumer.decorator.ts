import type { Message, StreamGap } from '@nestwire/protocol';
import type { Channel } from '../channel/channel.js';
import type { DurableConsumerOptions, ConsumerDelivery } from './durable-consumer.options.js';

/** What `@DurableConsumer` was told. */
export interface DurableConsumerMetadata {
  readonly channel: Channel<Message, 'history'>;
  readonly options: DurableConsumerOptions;
}

// Symbol.for: two copies of this package in one process read each other's decorators.
const READERS = Symbol.for('nestwire.messages.namedReaders');

/**
 * Handles messages of a channel with history by the method.
 *
 * On any provider or controller, from bootstrap to shutdown, as `addConsumer` of `DurableConsumersService`: each message in one of the processes
 * that give the same name, at least once. Guards, pipes and interceptors do not run.
 */
export function DurableConsumer<M extends Message>(
  channel: Channel<M, 'history'>,
  options: Omit<DurableConsumerOptions, 'signal'>,
) {
  return <F extends (message: M | StreamGap, delivery: ConsumerDelivery) => unknown>(
    _target: object,
    _key: string | symbol,
    { value }: TypedPropertyDescriptor<F>,
  ): void => {
    const said = [...durableConsumersOf(value), { channel, options }];
    Object.defineProperty(value, READERS, { value: said, configurable: true });
  };
}

/** Returns what the decorators on a method say. */
export function durableConsumersOf(method: unknown): readonly DurableConsumerMetadata[] {
  if (typeof method !== 'function' || !Object.hasOwn(method, READERS)) return [];
  return (method as { [READERS]?: DurableConsumerMetadata[] })[READERS]!;
}
