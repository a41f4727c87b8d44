import type { WireError } from '@nestwire/protocol';
import type { EncodedMessage } from '@nestwire/protocol/codec';

/** The end of a stored call, as its readers receive it. */
export type StoredEnd =
  | { readonly kind: 'end' }
  | { readonly kind: 'reply'; readonly reply: EncodedMessage | null }
  | { readonly kind: 'error'; readonly error: WireError };

/** Returns the text of an item in the store. */
export function itemText({ type, data }: EncodedMessage): string {
  return `${type.length}:${type}${data}`;
}

/**
 * Reads an item of the store.
 *
 * @throws {Error} when it is malformed
 */
export function itemOf(text: string): EncodedMessage {
  const colon = text.indexOf(':');
  const length = Number(text.slice(0, colon));
  if (colon < 1 || !Number.isSafeInteger(length) || length < 1)
    throw new Error('A stored item is malformed.');
  const start = colon + 1 + length;
  return { type: text.slice(colon + 1, start), data: text.slice(start) };
}

/** Returns the text of an end in the store. */
export function endText(end: StoredEnd): string {
  return JSON.stringify(end);
}

/**
 * Reads an end of the store.
 *
 * @throws {Error} when it is malformed
 */
export function endOf(text: string): StoredEnd {
  const end = JSON.parse(text) as StoredEnd;
  const isKnown = end.kind === 'end' || end.kind === 'reply' || typeof end.error?.code === 'string';
  if (!isKnown) throw new Error('A stored end is malformed.');
  return end;
}
