import type { Message, MessageClass } from '@nestwire/protocol';
import type { Channel } from './channel.js';

// The names of an application's channels cannot contain `#`.
const START = 'nestwire#';

/** A channel of nestwire itself; an application cannot name it. */
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

/** Returns true for the name of a channel of nestwire itself. */
export function isReserved(name: string): boolean {
  return name.startsWith(START);
}
