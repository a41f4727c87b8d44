import type { ChatMessage } from '../chat-message.js';
import type { ChatGrowth } from '../../wire/growth-events.js';

/**
 * Returns a growing message with a further piece of its text.
 *
 * A message that no longer grows remains as it is. The result is undefined when a piece before this one is
 * missing; then load the page around the message.
 */
export function applyGrowth(message: ChatMessage, { offset, text }: ChatGrowth): ChatMessage | undefined {
  if (!message.growth?.isGrowing || message.text === null) return message;
  if (message.text.length < offset) return undefined;
  const grown = message.text.slice(0, offset) + text;
  return grown.length > message.text.length ? { ...message, text: grown } : message;
}

/**
 * Returns the newer one of two states of a message.
 *
 * The higher revision is newer. A message that still grows keeps the pieces that are not stored yet.
 */
export function newerMessage(known: ChatMessage | undefined, next: ChatMessage): ChatMessage {
  if (!known) return next;
  if (next.revision <= known.revision) return known;
  const isBehind = next.growth?.isGrowing && known.text?.startsWith(next.text ?? '');
  return isBehind ? { ...next, text: known.text } : next;
}
