import type { EncodedMessage } from '@nestwire/protocol/codec';
import { isReservedName } from '@nestwire/protocol/compiled';
import { parseProperties } from '../../pubsub/message-text.js';

// Another writer can store anything in Redis. This file defines the formats that this process accepts.

/** The most characters of a position's id, which consists of the ids of a message and of a store attempt. */
const MAX_ID_CHARACTERS = 96;
const MAX_EPOCH_CHARACTERS = 64;
const MAX_TYPE_CHARACTERS = 128;

const EPOCH = new RegExp(`^[\\w-]{1,${MAX_EPOCH_CHARACTERS}}$`);
const ID = new RegExp(`^[\\w.~-]{1,${MAX_ID_CHARACTERS}}$`);

/** Returns true for a valid epoch of a history. */
export function isEpoch(value: unknown): value is string {
  return typeof value === 'string' && EPOCH.test(value);
}

/** Returns true for a valid id of a stored message's position. */
export function isPositionId(value: unknown): value is string {
  return typeof value === 'string' && ID.test(value);
}

/** Returns true for a whole number from 0 to 2^53 - 1. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Returns true for a text that is no longer than the name of a message class. */
export function isTypeName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TYPE_CHARACTERS;
}

/**
 * Parses the content of a stored message.
 *
 * @throws {Error} when the type or the text is not valid for a message
 */
export function readContent({ type, data }: EncodedMessage, maxMessageBytes: number): object {
  if (type === '' || !isTypeName(type)) throw new Error('its type is not a valid name of a message class');
  if (isReservedName(type)) throw new Error('its type is reserved by nestwire');
  // A UTF-16 code unit has at most three bytes of UTF-8, so most texts need no measuring.
  if (data.length * 3 > maxMessageBytes && Buffer.byteLength(data) > maxMessageBytes)
    throw new Error('it is larger than maxMessageBytes');
  return parseProperties(data);
}

/**
 * Lua functions that read the keys of a history and tolerate any content.
 *
 * `isHead(epoch, offset, id)` checks a head, `headOf(meta)` reads one, `callOn(key, command, ...)` reads a key,
 * `contentOf(entry)` reads an entry of the stream.
 */
export const LUA_UNTRUSTED = `
local function isHead(epoch, offset, id)
  return epoch and offset and id
    and #epoch <= ${MAX_EPOCH_CHARACTERS} and string.find(epoch, '^[%w_-]+$')
    and #offset <= 16 and string.find(offset, '^%d+$') and tonumber(offset) <= ${Number.MAX_SAFE_INTEGER}
    and #id <= ${MAX_ID_CHARACTERS} and string.find(id, '^[%w_.~-]*$')
end
-- Removes a key of another type, because nestwire did not write it.
local function callOn(key, command, ...)
  local reply = redis.pcall(command, key, ...)
  if type(reply) ~= 'table' or not reply.err then return reply end
  if not string.find(reply.err, 'WRONGTYPE', 1, true) then error(reply.err) end
  redis.call('DEL', key)
  return redis.call(command, key, ...)
end
local function headOf(meta)
  local head = callOn(meta, 'HMGET', 'e', 's', 'p')
  if isHead(head[1], head[2], head[3]) then return head end
  -- Remove a malformed head completely. Do not write when there is none: after a first write in a script,
  -- Redis no longer refuses later writes for lack of memory.
  if redis.call('EXISTS', meta) == 1 then redis.call('DEL', meta) end
end
-- Returns the id, the previous id, the type and the text of an entry; nothing for a malformed entry.
local function contentOf(entry)
  local fields = entry[2]
  if fields[1] ~= 'i' or fields[3] ~= 'p' or fields[5] ~= 't' or fields[7] ~= 'd' or not fields[8] then return end
  local id, previous, kind = fields[2], fields[4], fields[6]
  if #id > ${MAX_ID_CHARACTERS} or #previous > ${MAX_ID_CHARACTERS} or #kind > ${MAX_TYPE_CHARACTERS} then return end
  if not string.find(id, '^[%w_.~-]+$') or not string.find(previous, '^[%w_.~-]*$') then return end
  return id, previous, kind, fields[8]
end
`;
