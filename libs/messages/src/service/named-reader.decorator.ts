import type { Message, StreamGap } from '@nestwire/protocol';
import type { Channel } from '../channel/channel.js';
import type { NamedReaderOptions, ReaderDelivery } from './named-reader.options.js';

/** What `@NamedReader` was told. */
export interface NamedReaderMetadata {
  readonly channel: Channel<Message, 'history'>;
  readonly options: NamedReaderOptions;
}

// Symbol.for: two copies of this package in one process read each other's decorators.
const READERS = Symbol.for('nestwire.messages.namedReaders');

/**
 * Handles messages of a channel with history by the method.
 *
 * On any provider or controller, from bootstrap to shutdown, as `addReader` of `NamedReadersService`: each message in one of the processes
 * that give the same name, at least once. Guards, pipes and interceptors do not run.
 */
export function NamedReader<M extends Message>(
  channel: Channel<M, 'history'>,
  options: Omit<NamedReaderOptions, 'signal'>,
) {
  return <F extends (message: M | StreamGap, delivery: ReaderDelivery) => unknown>(
    _target: object,
    _key: string | symbol,
    { value }: TypedPropertyDescriptor<F>,
  ): void => {
    const said = [...namedReadersOf(value), { channel, options }];
    Object.defineProperty(value, READERS, { value: said, configurable: true });
  };
}

/** Returns what the decorators on a method say. */
export function namedReadersOf(method: unknown): readonly NamedReaderMetadata[] {
  if (typeof method !== 'function' || !Object.hasOwn(method, READERS)) return [];
  return (method as { [READERS]?: NamedReaderMetadata[] })[READERS]!;
}
