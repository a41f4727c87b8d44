import type { MessageClass } from '@nestwire/protocol';
import { AcceptedClasses } from '@nestwire/protocol/compiled';
import { definedChannel } from './channel.js';
import { isReserved } from './channel-name.js';

/** The cache, by the class of the message, then by the classes of the channel or the class itself. */
const known = new WeakMap<MessageClass, WeakMap<object, AcceptedClasses>>();

/** Returns the classes whose instances a message on a channel may contain. */
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
