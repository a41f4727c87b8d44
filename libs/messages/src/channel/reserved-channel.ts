import type { Message, MessageClass } from '@nestwire/protocol';
import type { Channel } from './channel.js';

// No channel of an application has this character in its name, so none can be one of these.
const START = 'nestwire#';

/** A channel of nestwire itself: no name of an application's channel reaches it. */
export class ReservedChannel<out M extends Message = Message> implements Channel<M, 'ephemeral', never> {
  readonly name: string;
  readonly delivery = 'ephemeral';
  readonly history = undefined;
  readonly durability = 'memory';
  readonly snapshot: readonly [] = [];

  constructor(
    purpose: string,
    readonly messages: readonly MessageClass<M>[],
  ) {
    this.name = `${START}${purpose}`;
  }
}

/** Tells whether a channel is nestwire's own. */
export function isReserved(name: string): boolean {
  return name.startsWith(START);
}
