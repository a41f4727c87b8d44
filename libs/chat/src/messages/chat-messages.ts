import type { ChatChangeOptions } from '../outbox/chat-work.js';
import type { ChatActor } from '../policy/chat-actor.js';
import type { GrowthSource } from './growth/growing-message.js';
import type { GrowOptions, NewGrowingMessage } from './growth/growth-ending.js';
import type { MessageGrowths } from './growth/message-growths.js';
import type { ChatMessage } from './chat-message.js';
import { MessageChanger, type MessagePlace } from './message-change.js';
import { ContentCheck } from './message-content.js';
import type { MessageContext } from './message-context.js';
import { MessageEdits, type MessageChanges } from './message-edits.js';
import { MessagePins } from './message-pins.js';
import { MessagePosts } from './message-posts.js';
import { MessageReactions } from './message-reactions.js';
import type { NewMessage } from './new-message.js';

/** Posts and changes messages. */
export class ChatMessages {
  private readonly posts: MessagePosts;
  private readonly edits: MessageEdits;
  private readonly reactions: MessageReactions;
  private readonly pins: MessagePins;

  constructor(
    { hooks, rate, limits, maxAttachments, ...parts }: MessageContext,
    private readonly growths: MessageGrowths,
  ) {
    const changer = new MessageChanger(parts);
    const content = new ContentCheck(hooks, limits, maxAttachments);
    this.posts = new MessagePosts({ ...parts, changer, content, rate });
    this.edits = new MessageEdits({ ...parts, changer, content, rate });
    this.reactions = new MessageReactions(changer, rate, limits.maxEmojis);
    this.pins = new MessagePins(changer, limits.maxPins);
  }

  /**
   * Posts a message. With a client id it is stored once, after any number of repetitions on any server.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY for the channel
   * @throws {ChatError} CHAT_INVALID, CHAT_LIMIT_EXCEEDED for the content; CHAT_RATE_LIMITED for the author
   * @throws {ChatError} CHAT_REFUSED when a hook refuses it; the text has its reason
   */
  post(actor: ChatActor, message: NewMessage, options?: ChatChangeOptions): Promise<ChatMessage> {
    return this.posts.post(actor, message, options);
  }

  /**
   * Posts a message that grows while its source produces it. Resolves to the final message.
   *
   * Readers get the pieces at once, and late ones all text so far. It ends with the source, at `maxTextLength`, or
   * by a stop; an error of the source ends it as failed, and the text so far remains. With a client id it is
   * stored once, and a repetition returns the message as it is. `source` may be a function that takes a signal, which
   * aborts at the end.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY for the channel; CHAT_INVALID, CHAT_RATE_LIMITED
   * @throws {ChatError} CHAT_REFUSED when a hook refuses the final text, which is removed
   * @throws {ChatError} CHAT_OVERLOADED when too many messages grow in this process; CHAT_UNAVAILABLE
   */
  grow(
    actor: ChatActor,
    message: NewGrowingMessage,
    source: GrowthSource,
    options?: GrowOptions,
  ): Promise<ChatMessage> {
    return this.growths.grow(actor, message, source, options);
  }

  /**
   * Stops a growing message; its text so far remains. One that has ended remains as it is.
   *
   * It works on each server: the one that produces the message stops within `growth.storeMs`.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN
   */
  stopGrowth(actor: ChatActor, place: MessagePlace): Promise<void> {
    return this.growths.stop(actor, place);
  }

  /**
   * Replaces the content of a message; the former one is kept as a version.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY, CHAT_INVALID, CHAT_LIMIT_EXCEEDED
   * @throws {ChatError} CHAT_RATE_LIMITED; CHAT_REFUSED when a hook refuses it
   */
  edit(
    actor: ChatActor,
    place: MessagePlace,
    changes: MessageChanges,
    options?: ChatChangeOptions,
  ): Promise<ChatMessage> {
    return this.edits.edit(actor, place, changes, options);
  }

  /**
   * Deletes a message for its readers. Its place, author and versions remain for moderators.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY
   */
  delete(actor: ChatActor, place: MessagePlace, options?: ChatChangeOptions): Promise<ChatMessage> {
    return this.edits.delete(actor, place, options);
  }

  /**
   * Deletes a message with its versions, reports, reactions and mentions for good; only its number remains.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY
   */
  purge(actor: ChatActor, place: MessagePlace, options?: ChatChangeOptions): Promise<ChatMessage> {
    return this.edits.purge(actor, place, options);
  }

  /**
   * Adds a reaction of the actor; the same one is stored once.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY, CHAT_INVALID, CHAT_RATE_LIMITED
   * @throws {ChatError} CHAT_LIMIT_EXCEEDED when the message has too many different emojis
   */
  react(
    actor: ChatActor,
    place: MessagePlace,
    emoji: string,
    options?: ChatChangeOptions,
  ): Promise<ChatMessage> {
    return this.reactions.add(actor, place, emoji, options);
  }

  /**
   * Removes a reaction of the actor; none remains none.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY, CHAT_RATE_LIMITED
   */
  unreact(
    actor: ChatActor,
    place: MessagePlace,
    emoji: string,
    options?: ChatChangeOptions,
  ): Promise<ChatMessage> {
    return this.reactions.remove(actor, place, emoji, options);
  }

  /**
   * Pins a message.
   *
   * @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY
   * @throws {ChatError} CHAT_LIMIT_EXCEEDED when the channel has too many pinned messages
   */
  pin(actor: ChatActor, place: MessagePlace, options?: ChatChangeOptions): Promise<ChatMessage> {
    return this.pins.pin(actor, place, options);
  }

  /** Unpins a message. @throws {ChatError} CHAT_NOT_FOUND, CHAT_FORBIDDEN, CHAT_READ_ONLY */
  unpin(actor: ChatActor, place: MessagePlace, options?: ChatChangeOptions): Promise<ChatMessage> {
    return this.pins.unpin(actor, place, options);
  }
}
