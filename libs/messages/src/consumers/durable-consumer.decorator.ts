import type { Message, StreamGap } from '@nestwire/protocol';
import type { Channel } from '../channel/channel.js';
import type { DurableConsumerOptions, ConsumerDelivery } from './durable-consumer.options.js';

/** The arguments of `@DurableConsumer`. */
export interface DurableConsumerMetadata {
  readonly channel: Channel<Message, 'history'>;
  readonly options: DurableConsumerOptions;
}

// Symbol.for, so that two copies of this package in one process read each other's metadata.
const CONSUMERS = Symbol.for('nestwire.messages.durableConsumers');

/**
 * Makes a method the handler of a durable consumer.
 *
 * The method of a provider or controller handles messages from bootstrap to shutdown, as by
 * `DurableConsumersService.addConsumer`. Of the processes that use the same name, one handles each message, at
 * least once. Guards, pipes and interceptors do not run.
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
    const consumers = [...durableConsumersOf(value), { channel, options }];
    Object.defineProperty(value, CONSUMERS, { value: consumers, configurable: true });
  };
}

/** Returns the metadata of the decorators of a method. */
export function durableConsumersOf(method: unknown): readonly DurableConsumerMetadata[] {
  if (typeof method !== 'function' || !Object.hasOwn(method, CONSUMERS)) return [];
  return (method as { [CONSUMERS]?: DurableConsumerMetadata[] })[CONSUMERS] ?? [];
}
