import { ChatError, ChatErrorCode } from '../error/chat-error.js';

/** The part of the row of a channel that tells whether its messages are stored. */
type Durable = { readonly durability: string };

/** Tells whether the messages of a channel are delivered live and not stored. */
export function isEphemeral({ durability }: Durable): boolean {
  return durability === 'ephemeral';
}

/**
 * Checks that the messages of a channel are stored.
 *
 * @param need names what needs them, such as 'An edit'
 * @throws {ChatError} CHAT_EPHEMERAL when they are not
 */
export function demandStored(channel: Durable, need: string): void {
  if (!isEphemeral(channel)) return;
  throw new ChatError(
    ChatErrorCode.Ephemeral,
    `${need} needs stored messages, and the messages of this channel are not stored.`,
  );
}
