import type { MessageClass } from '@nestwire/protocol';
import { AcceptedClasses } from '@nestwire/protocol/compiled';
import { definedChannel } from './channel.js';
import { isReserved } from './reserved-channel.js';

/** By the class of the message; in it by the classes of the channel, or by the class again without any. */
const known = new WeakMap<MessageClass, WeakMap<object, AcceptedClasses>>();

/** Returns the classes that a message on a channel may hold instances of. */
export function acceptedOn(channel: string, cls: MessageClass): AcceptedClasses {
  const definition = isReserved(channel) ? undefined : definedChannel(channel);
  let ofClass = known.get(cls);
  if (!ofClass) known.set(cls, (ofClass = new WeakMap()));
  const key = definition?.messages ?? cls;
  let accepted = ofClass.get(key);
  if (accepted) return accepted;
  ofClass.set(key, (accepted = new AcceptedClasses()));
  for (const each of [cls, ...(definition?.messages ?? []), ...(definition?.snapshot ?? [])])
    accepted.accept(each as new (...args: never[]) => object);
  return accepted;
}
