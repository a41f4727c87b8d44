/**
 * Revokes tokens of a holder.
 *
 * It returns the record of the holder and the floor of the shard.
 *
 * A shard is a hash of records by holder, with the shard's floor at `*`, and a sorted set of the holders by their last revocation.
 * A record is `floor;subject=generation;…`. Generations are Redis's time in milliseconds, or the next number where
 * that is not later. What the hash holds may be anything: a record that is not understood voids all of its holder's tokens.
 */
export const REVOKE_SCRIPT = `
local index, records = KEYS[1], KEYS[2]
local ttl, mostHolders, mostSubjects = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local holder = ARGV[4]
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local oldest = now - ttl
local function text(number) return string.format('%.0f', number) end

local newest = redis.call('ZRANGE', index, -1, -1, 'WITHSCORES')[2]
newest = newest and tonumber(newest) or 0
local generation = newest < 8e15 and math.max(now, newest + 1) or now
local first = redis.call('ZRANGE', index, 0, 99, 'WITHSCORES')
for i = 1, #first, 2 do
  if tonumber(first[i + 1]) >= oldest then break end
  redis.call('ZREM', index, first[i])
  redis.call('HDEL', records, first[i])
end

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
for i = 5, #ARGV do
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
  first = redis.call('ZRANGE', index, 0, math.min(over, 100) - 1, 'WITHSCORES')
  for i = 1, #first, 2 do
    redis.call('ZREM', index, first[i])
    redis.call('HDEL', records, first[i])
    redis.call('HSET', records, '*', text(math.min(tonumber(first[i + 1]), generation)))
  end
end
redis.call('PEXPIRE', index, ttl)
redis.call('PEXPIRE', records, ttl)
return redis.call('HMGET', records, holder, '*')`;
