import type { ChatMessage } from './chat-message.js';

/** The types of the endpoint of the quick start, for a program with the types of a browser alone. */
export interface AppStreams {
  readonly chat: { readonly in: ChatMessage; readonly out: ChatMessage };
}
