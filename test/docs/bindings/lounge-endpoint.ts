import type { PresenceEvent } from '@nestwire/protocol';
import type { IsTyping, KeyPressed } from './lounge-messages.js';

/** The types of the endpoints of docs/presence.md and of the recipe, for a program with the types of a browser alone. */
export interface LoungeStreams {
  readonly lounge: { readonly in: never; readonly out: PresenceEvent };
  readonly typing: { readonly in: KeyPressed; readonly out: IsTyping };
}
