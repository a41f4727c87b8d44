import type { WirePosition } from '../frame/frame.js';
import type { Message } from './message-class.js';
import type { MessageOrigin } from './message-origin.js';
import { processRegistry } from './process-registry.js';
import { StreamGap } from './stream-gap.js';

/** The origin of a received message. */
export interface MessageMeta {
  /** The name of the channel. */
  readonly channel: string;
  /** The position in the channel's history; undefined for a channel without history. */
  readonly position: WirePosition | undefined;
}

/** A channel, or its name. */
export type ChannelLike = string | { readonly name: string };

/** Stores the origin of a received message; for packages that receive messages. */
export function rememberOrigin(message: object, origin: MessageOrigin): void {
  processRegistry.origins.set(message, origin);
}

/**
 * Returns the channel and position of a received message.
 *
 * Returns undefined for a message without a channel, such as one from a session or a client. All listeners of
 * a process share one message and its origin.
 */
export function metaOf(message: object): MessageMeta | undefined {
  const origin = processRegistry.origins.get(message);
  return origin && { channel: origin.channel, position: origin.wirePosition };
}

/**
 * Returns the name of a channel from its definition's name and parts.
 *
 * `channelName('room', 'r0')` is the name of `room('r0')`. It is for clients, which cannot import the
 * definition from `@nestwire/messages`.
 */
export function channelName(kind: string, ...parts: readonly (string | number | bigint)[]): string {
  return [kind, ...parts].join(':');
}

/** Returns true when a message came from a channel, or is a gap in that channel. */
export function isFromChannel(message: Message, channel: ChannelLike): boolean {
  const from = message instanceof StreamGap ? message.channel : metaOf(message)?.channel;
  return from === (typeof channel === 'string' ? channel : channel.name);
}
