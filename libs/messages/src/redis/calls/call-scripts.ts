/*
 * A call has a hash (KEYS[1]) and a list of items (KEYS[2]).
 *
 * Fields of the hash: o owner, q request, r reader, c consumed, x cancelled, e end.
 */

const STATE = `
local function state()
  local f = redis.call('HMGET', KEYS[1], 'o', 'q', 'r', 'c', 'x', 'e')
  return { f[1], f[2], f[3], redis.call('LLEN', KEYS[2]), tonumber(f[4]), f[5], f[6] }
end
`;

/** ARGV: owner, request, time to live in ms. Returns 1, or 0 when the call exists. */
export const CREATE_CALL_SCRIPT = `
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[1], 'o', ARGV[1], 'q', ARGV[2], 'r', '', 'c', '0', 'x', '')
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
`;

/**
 * KEYS: the hash and the list of each call. ARGV: their numbers of items.
 *
 * The numbers are one text, which is empty when each call has one item; the items follow. Returns 1 for each call,
 * 0 when it is unknown or has an end, or the text of the error when one of its keys has another type. Nothing of
 * such a call is stored.
 */
export const APPEND_ITEMS_SCRIPT = `
local calls, replies = #KEYS / 2, {}
local counts, last = string.gmatch(ARGV[1], '%d+'), 1
for call = 1, calls do
  local hash, list = KEYS[2 * call - 1], KEYS[2 * call]
  local count, first = tonumber(counts() or 1), last + 1
  last = last + count
  local f, stored = redis.pcall('HMGET', hash, 'o', 'e'), 0
  if f.err then
    stored = f
  elseif f[1] and not f[2] then
    local length = redis.pcall('RPUSH', list, unpack(ARGV, first, last))
    stored = type(length) == 'table' and length or 1
    -- A new list has no time to live.
    if length == count then
      local ttl = redis.call('PTTL', hash)
      if ttl > 0 then redis.call('PEXPIRE', list, ttl) end
    end
  end
  if type(stored) == 'table' then
    -- Only an error of the call's own keys leaves the other calls whole.
    if not string.find(stored.err, 'WRONGTYPE', 1, true) then return stored end
    stored = stored.err
  end
  replies[call] = stored
end
return replies
`;

/** ARGV: pairs of a field and its value. Returns the state, or an empty list. */
export const CHANGE_CALL_SCRIPT = `${STATE}
if redis.call('EXISTS', KEYS[1]) == 0 then return {} end
for i = 1, #ARGV, 2 do
  local field, value = ARGV[i], ARGV[i + 1]
  if field == 'leaves' then
    if redis.call('HMGET', KEYS[1], 'r')[1] == value then redis.call('HSET', KEYS[1], 'r', '') end
  elseif field == 'consumed' then
    local before = tonumber(redis.call('HMGET', KEYS[1], 'c')[1]) or 0
    if tonumber(value) > before then redis.call('HSET', KEYS[1], 'c', value) end
  elseif field == 'end' then
    if not redis.call('HMGET', KEYS[1], 'e')[1] then redis.call('HSET', KEYS[1], 'e', value) end
  elseif field == 'ttl' then
    redis.call('PEXPIRE', KEYS[1], value)
    redis.call('PEXPIRE', KEYS[2], value)
  else redis.call('HSET', KEYS[1], field, value) end
end
return state()
`;

/** ARGV: the first and the last index. Returns the state and the items. */
export const READ_CALL_SCRIPT = `${STATE}
if redis.call('EXISTS', KEYS[1]) == 0 then return {} end
return { state(), redis.call('LRANGE', KEYS[2], ARGV[1], ARGV[2]) }
`;
