import type { ChatActor } from '../policy/chat-actor.js';
import type { ChatAttachment } from '../attachments/chat-attachment.js';
import type { ChatChannel } from '../channels/chat-channel.js';
import type { ChatEntity } from '../text/chat-entity.js';
import type { ChatMessage } from './chat-message.js';

/** A message before it is stored, with everything that the author sent. */
export interface ChatDraft {
  readonly actor: ChatActor;
  readonly channel: ChatChannel;
  readonly text: string;
  /** The marked ranges of the text. */
  readonly entities: readonly ChatEntity[];
  readonly data: unknown;
  readonly mentions: readonly string[];
  /** The files, which the hook cannot change. */
  readonly attachments: readonly ChatAttachment[];
  readonly replyTo: number | null;
  readonly threadSeq: number | null;
  /** True for an edit of a stored message. */
  readonly isEdit: boolean;
}

/**
 * The answer of `willSend`: nothing, changes, or a refusal with its reason.
 *
 * A changed text has only the entities that the answer gives with it.
 */
export type ChatVerdict =
  | undefined
  | void
  | {
      readonly text?: string;
      readonly entities?: readonly ChatEntity[];
      readonly data?: unknown;
      readonly mentions?: readonly string[];
    }
  | { readonly refuse: string };

/**
 * Lets the application see messages before and after they are stored.
 *
 * Extend it and override what you need.
 */
export abstract class ChatHooks {
  /**
   * Sees a message before it is stored, outside of a transaction, and may change or refuse it.
   *
   * A repetition with the same client id does not call it again. An error of it refuses the message. It sees a
   * growing message at its end.
   */
  willSend(_draft: ChatDraft): ChatVerdict | Promise<ChatVerdict> {
    return undefined;
  }

  /**
   * Sees a message after it is stored in a transaction of the chat. The author does not wait for it.
   *
   * It is not called again after a crash, and not for a transaction of the application: use a durable consumer
   * of `chatChanges` for work that must happen.
   */
  didSend(_message: ChatMessage, _actor: ChatActor): void | Promise<void> {
    return undefined;
  }
}

/** Hooks that let everything pass. */
export class NoChatHooks extends ChatHooks {}
