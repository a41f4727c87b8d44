// The presence of a channel is a hash: one field for each connection, the epoch `#e`, and the number `#n` of the last
// change. The value of a connection is the number of its own last change, a bar, and the record.

/** Declares the key of the records; a key of another type is removed, because nestwire did not write it. */
const RECORDS = `
local records = KEYS[1]
local kind = redis.call('TYPE', records).ok
if kind ~= 'hash' and kind ~= 'none' then redis.call('DEL', records) end`;

const VERSION_OF = `
-- Returns nothing and 0 for a missing or malformed version.
local function versionOf(records)
  local version = redis.call('HMGET', records, '#e', '#n')
  local epoch, number = version[1], version[2]
  if epoch and number and #epoch <= 64 and string.find(epoch, '^[%w_-]+$')
    and #number <= 15 and string.find(number, '^%d+$') then return epoch, tonumber(number) end
  return nil, 0
end`;

/**
 * Reads the records of a channel in one step.
 *
 * Returns the number of fields, and the fields with their values.
 *
 * Arguments: the most fields, the most bytes of a field and its value, and the most bytes of all. For larger
 * records it returns only the number. A larger field has an empty value, so it is not a connection.
 */
export const READ_SCRIPT = `${RECORDS}
local most, mostEach, mostBytes = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local count = redis.call('HLEN', records)
if count > most then return { count } end
-- The lengths come first, so that large fields are not loaded.
local names, fitting, bytes = redis.call('HKEYS', records), {}, 0
for _, name in ipairs(names) do
  local size = #name + redis.call('HSTRLEN', records, name)
  if size <= mostEach then
    fitting[#fitting + 1] = name
    bytes = bytes + size
    if bytes > mostBytes then return { count } end
  end
end
local fields = {}
for _, name in ipairs(fitting) do
  fields[#fields + 1] = name
  fields[#fields + 1] = redis.call('HGET', records, name)
end
for _ = #fitting + 1, #names do
  fields[#fields + 1], fields[#fields + 2] = '', ''
end
return { count, fields }`;

/**
 * Sets connections.
 *
 * Arguments: a new epoch, the most connections, the lifetime of the records in milliseconds, then keys and records.
 */
export const SET_SCRIPT = `${RECORDS}${VERSION_OF}
local most, keptMs = tonumber(ARGV[2]), tonumber(ARGV[3])
local epoch, number = versionOf(records)
local size = math.max(0, redis.call('HLEN', records) - 2)
local changed, refused = {}, {}
for i = 4, #ARGV, 2 do
  local old = redis.call('HGET', records, ARGV[i])
  local same = old and string.sub(old, (string.find(old, '|', 1, true) or #old) + 1) == ARGV[i + 1]
  if not old and size >= most then
    refused[#refused + 1] = ARGV[i]
  elseif not same then
    if not old then size = size + 1 end
    redis.call('HSET', records, ARGV[i], (number + 1) .. '|' .. ARGV[i + 1])
    changed[#changed + 1] = ARGV[i]
  end
end
if #changed > 0 then
  number = number + 1
  epoch = epoch or ARGV[1]
  redis.call('HSET', records, '#e', epoch, '#n', string.format('%.0f', number))
end
-- Renewed rarely, because each renewal is a write that goes to the replicas.
if redis.call('PTTL', records) < keptMs / 2 then redis.call('PEXPIRE', records, keptMs) end
return { epoch or '', number, changed, refused }`;

const REMOVED = `${VERSION_OF}
if #removed == 0 then return { '', 0, removed } end
local epoch, number = versionOf(records)
-- Without a version, watchers read the state again.
if epoch then
  number = number + 1
  redis.call('HSET', records, '#n', string.format('%.0f', number))
end
if redis.call('HLEN', records) <= 2 then redis.call('DEL', records) end
return { epoch or '', number, removed }`;

/** Removes connections by their keys. */
export const REMOVE_SCRIPT = `${RECORDS}
local removed = {}
for i = 1, #ARGV do
  if redis.call('HDEL', records, ARGV[i]) == 1 then removed[#removed + 1] = ARGV[i] end
end
${REMOVED}`;

/** Removes all connections of a server; their keys start with the argument. */
export const CLEAR_SCRIPT = `${RECORDS}
local removed = {}
for _, key in ipairs(redis.call('HKEYS', records)) do
  if string.sub(key, 1, #ARGV[1]) == ARGV[1] then
    redis.call('HDEL', records, key)
    removed[#removed + 1] = key
  end
end
${REMOVED}`;

/** Returns the keys and records of a server; the keys start with the argument. */
export const OWN_SCRIPT = `${RECORDS}
local own = {}
for _, key in ipairs(redis.call('HKEYS', records)) do
  if string.sub(key, 1, #ARGV[1]) == ARGV[1] then
    local value = redis.call('HGET', records, key)
    own[#own + 1] = key
    own[#own + 1] = string.sub(value, (string.find(value, '|', 1, true) or 0) + 1)
  end
end
return own`;
