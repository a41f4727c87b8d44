import type { EncodedMessage } from '@nestwire/protocol/codec';
import { isReservedName } from '@nestwire/protocol/compiled';
import { isReserved } from '../channel/channel-name.js';
import { parseProperties } from './message-text.js';

const MAX_TYPE_CHARACTERS = 128;

/**
 * Parses a message that another process published.
 *
 * Clients get the text unchanged, so it is checked even when no listener of this process reads it.
 *
 * @throws {Error} when it is not the JSON of an object, is too large, or has a reserved type
 */
export function parseReceived(
  channel: string,
  { type, data }: EncodedMessage,
  maxMessageBytes: number,
): object {
  if (type === '' || type.length > MAX_TYPE_CHARACTERS)
    throw new Error('its type is not a valid name of a message class');
  if (isReservedName(type) && !isReserved(channel)) throw new Error('its type is reserved by nestwire');
  if (data.length > maxMessageBytes || Buffer.byteLength(data) > maxMessageBytes)
    throw new Error('it is larger than maxMessageBytes');
  return parseProperties(data);
}
