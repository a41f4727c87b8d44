import type { EncodedMessage } from '@nestwire/protocol/codec';
import { isReservedName } from '@nestwire/protocol/compiled';
import { parseProperties } from '../../pubsub/message-text.js';

// Whoever can write to Redis can put anything there: these are the forms that this process accepts.

/** The most characters of the id of a position: that of a message, and of one attempt to store it. */
const MAX_ID_CHARACTERS = 96;
const MAX_EPOCH_CHARACTERS = 64;
const MAX_TYPE_CHARACTERS = 128;

const EPOCH = new RegExp(`^[\\w-]{1,${MAX_EPOCH_CHARACTERS}}$`);
const ID = new RegExp(`^[\\w.~-]{1,${MAX_ID_CHARACTERS}}$`);

/** Tells whether a value names one life of a history. */
export function isEpoch(value: unknown): value is string {
  return typeof value === 'string' && EPOCH.test(value);
}

/** Tells whether a value is the id of a position behind the first. */
export function isPlaceId(value: unknown): value is string {
  return typeof value === 'string' && ID.test(value);
}

/** Tells whether a value is a whole number from 0 to 2^53 - 1. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Tells whether a value is no longer than the name of a message class. */
export function isTypeName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TYPE_CHARACTERS;
}

/**
 * Parses the content of a stored message.
 *
 * @throws {Error} when the type or the text is not that of a message
 */
export function readContent({ type, data }: EncodedMessage, maxMessageBytes: number): object {
  if (type === '' || !isTypeName(type)) throw new Error('its type is not the name of a message class');
  if (isReservedName(type)) throw new Error("its type is one of nestwire's own");
  // A character has at most three bytes of UTF-8, so most texts need not be measured.
  if (data.length * 3 > maxMessageBytes && Buffer.byteLength(data) > maxMessageBytes)
    throw new Error('it is larger than maxMessageBytes');
  return parseProperties(data);
}

/**
 * Lua functions that read keys of a history, whatever they hold.
 *
 * `isTop(epoch, offset, id)` judges a head, `topOf(meta)` reads one, `callOn(key, command, ...)` reads a key,
 * `contentOf(entry)` reads an entry of the stream.
 */
export const LUA_UNTRUSTED = `
local function isTop(epoch, offset, id)
  return epoch and offset and id
    and #epoch <= ${MAX_EPOCH_CHARACTERS} and string.find(epoch, '^[%w_-]+$')
    and #offset <= 16 and string.find(offset, '^%d+$') and tonumber(offset) <= ${Number.MAX_SAFE_INTEGER}
    and #id <= ${MAX_ID_CHARACTERS} and string.find(id, '^[%w_.~-]*$')
end
-- Removes a key of another type: it holds nothing that nestwire wrote.
local function callOn(key, command, ...)
  local reply = redis.pcall(command, key, ...)
  if type(reply) ~= 'table' or not reply.err then return reply end
  if not string.find(reply.err, 'WRONGTYPE', 1, true) then error(reply.err) end
  redis.call('DEL', key)
  return redis.call(command, key, ...)
end
local function topOf(meta)
  local top = callOn(meta, 'HMGET', 'e', 's', 'p')
  if isTop(top[1], top[2], top[3]) then return top end
  -- Nothing of a head in a wrong form may stay. Not where there is none: behind a write Redis refuses nothing
  -- for want of memory any more.
  if redis.call('EXISTS', meta) == 1 then redis.call('DEL', meta) end
end
-- Returns the id, the id before it, the type and the text of an entry; nothing when it is not one of a history.
local function contentOf(entry)
  local fields = entry[2]
  if fields[1] ~= 'i' or fields[3] ~= 'p' or fields[5] ~= 't' or fields[7] ~= 'd' or not fields[8] then return end
  local id, previous, kind = fields[2], fields[4], fields[6]
  if #id > ${MAX_ID_CHARACTERS} or #previous > ${MAX_ID_CHARACTERS} or #kind > ${MAX_TYPE_CHARACTERS} then return end
  if not string.find(id, '^[%w_.~-]+$') or not string.find(previous, '^[%w_.~-]*$') then return end
  return id, previous, kind, fields[8]
end
`;
