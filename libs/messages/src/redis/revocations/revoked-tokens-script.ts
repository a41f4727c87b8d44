/** Lua functions: a number as text without an exponent, and the time of Redis in milliseconds. */
const NUMBERS = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local function text(number) return string.format('%.0f', number) end
`;

/**
 * Finds the floor of a shard, or starts the shard.
 *
 * A shard without a floor is new or has lost its data, so all earlier tokens are void. The floor is in the hash of
 * the records, so that both are lost together. The keys live for twice the lifetime of a token after the last read
 * or revocation.
 */
const BEGIN = `
local function begin(index, records, ttl, known)
  local kind = redis.call('TYPE', records).ok
  if kind ~= 'hash' and kind ~= 'none' then redis.call('DEL', records) end
  kind = redis.call('TYPE', index).ok
  if kind ~= 'zset' and kind ~= 'none' then redis.call('DEL', index) end
  local floor = redis.call('HGET', records, '*')
  if not floor or #floor > 14 or not string.match(floor, '^%d+$') then
    floor = text(math.max(now, known + 1))
    redis.call('HSET', records, '*', floor)
    redis.call('PEXPIRE', records, 2 * ttl)
  end
  return tonumber(floor)
end

local function keep(index, records, ttl)
  if redis.call('PTTL', records) > 1.5 * ttl then return end
  redis.call('PEXPIRE', index, 2 * ttl)
  redis.call('PEXPIRE', records, 2 * ttl)
end

local function forget(index, records, oldest, most)
  local first = redis.call('ZRANGE', index, 0, most - 1, 'WITHSCORES')
  for i = 1, #first, 2 do
    if tonumber(first[i + 1]) >= oldest then break end
    redis.call('ZREM', index, first[i])
    redis.call('HDEL', records, first[i])
  end
end
`;

/**
 * Returns the record of a holder and the floor of its shard.
 *
 * The first read starts a shard. The script also removes a few expired records.
 */
export const READ_REVOKED_SCRIPT = `${NUMBERS}${BEGIN}
local index, records = KEYS[1], KEYS[2]
local ttl = tonumber(ARGV[1])
begin(index, records, ttl, tonumber(ARGV[2]))
forget(index, records, now - ttl, 10)
keep(index, records, ttl)
return redis.call('HMGET', records, ARGV[3], '*')`;

/**
 * Revokes tokens of a holder.
 *
 * It returns the record of the holder and the floor of the shard.
 *
 * A shard is a hash of records by holder, with the floor of the shard at `*`, and a sorted set of the holders by
 * their last revocation. A record is `floor;subject=generation;…`. A generation is the time of Redis in
 * milliseconds, or the next number if that is not later; each is above the floor. Other programs can write to the
 * hash: a malformed record voids all tokens of its holder.
 */
export const REVOKE_SCRIPT = `${NUMBERS}${BEGIN}
local index, records = KEYS[1], KEYS[2]
local ttl, known = tonumber(ARGV[1]), tonumber(ARGV[2])
local mostHolders, mostSubjects = tonumber(ARGV[3]), tonumber(ARGV[4])
local holder = ARGV[5]
local oldest = now - ttl
local shardFloor = begin(index, records, ttl, known)

local newest = redis.call('ZRANGE', index, -1, -1, 'WITHSCORES')[2]
newest = newest and tonumber(newest) or 0
local generation = math.max(now, shardFloor + 1, newest < 8e14 and newest + 1 or 0)
forget(index, records, oldest, 100)

local floor, generations, count = 0, {}, 0
local record = redis.call('HMGET', records, holder)[1]
if record then
  local own = string.match(record, '^(%d+);')
  floor = own and #own <= 15 and tonumber(own) or generation
  for subject, at in string.gmatch(record, '([%w_-]+)=(%d+);') do
    if #at > 15 or #subject > 64 then
      floor = generation
    elseif tonumber(at) >= oldest then
      generations[subject] = at
      count = count + 1
    end
  end
end
for i = 6, #ARGV do
  if not generations[ARGV[i]] then count = count + 1 end
  generations[ARGV[i]] = text(generation)
end
if count > mostSubjects then floor, generations = generation, {} end
local parts = { text(floor) }
for subject, at in pairs(generations) do parts[#parts + 1] = subject .. '=' .. at end
record = table.concat(parts, ';') .. ';'
redis.call('HSET', records, holder, record)
redis.call('ZADD', index, text(generation), holder)

local over = redis.call('ZCARD', index) - mostHolders
if over > 0 then
  local first = redis.call('ZRANGE', index, 0, math.min(over, 100) - 1, 'WITHSCORES')
  for i = 1, #first, 2 do
    redis.call('ZREM', index, first[i])
    redis.call('HDEL', records, first[i])
    redis.call('HSET', records, '*', text(math.max(shardFloor, math.min(tonumber(first[i + 1]), generation))))
  end
end
redis.call('PEXPIRE', index, 2 * ttl)
redis.call('PEXPIRE', records, 2 * ttl)
return redis.call('HMGET', records, holder, '*')`;
