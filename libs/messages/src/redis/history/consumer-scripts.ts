import { RedisScript } from '../connection/redis-script.js';
import { LUA_UNTRUSTED } from '../connection/untrusted.js';

// A consumer is a hash. The fields `e`, `s` and `p` are its position, in the form of a head; `g` is the number of
// gaps. A field `w:<key>` is a work that was delivered and not acknowledged: the time of its next delivery, its
// attempt, its holder, and the id of the message, or the reason and the position of the gap. The consumer is one
// key, so that it cannot be lost in part. It is in the slot of the stream, so that a failover or a restore sets
// both back to the same time.

const WORK = `
-- Returns nothing for a malformed work.
local function workOf(value)
  if #value > 512 then return end
  local dueMs, attempt, holder, id = string.match(value, '^(%d+):(%d+):([^:]*):(.*)$')
  if not dueMs or #dueMs > 16 or #attempt > 9 then return end
  return { dueMs = tonumber(dueMs), attempt = tonumber(attempt), holder = holder, id = id }
end
local function textOf(work)
  return string.format('%.0f:%d:', work.dueMs, work.attempt) .. work.holder .. ':' .. work.id
end
local now = redis.call('TIME')
local nowMs = now[1] * 1000 + math.floor(now[2] / 1000)
`;

/**
 * Acknowledges work of a share, and fetches the next work.
 *
 * Keys: meta, stream, consumer. Arguments: a random epoch; the name of the channel; the lifetime of the head in
 * milliseconds; `head`, `oldest` or `known`; the lifetime of the consumer in milliseconds; the holder; its lease
 * in milliseconds; the most works; the most bytes; the most bytes of one message; then the key and the id of each
 * acknowledged work.
 *
 * A malformed work, position or entry becomes a gap, so that it never stops the consumer.
 *
 * Returns the epoch, and the time until a lease of another share expires, in milliseconds, or -1. Then follow for
 * each work its key, its attempt, its id, and for a message the previous id, its type and its text.
 */
export const FETCH = new RedisScript(`${LUA_UNTRUSTED}${WORK}
local meta, stream, consumer = KEYS[1], KEYS[2], KEYS[3]
local epoch, name, headMs, from, keptMs, holder = unpack(ARGV, 1, 6)
local leaseMs, limit, bytes = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local messageBytes = tonumber(ARGV[10])
local head = headOf(meta)
if not head then
  head = { epoch, '0', '' }
  redis.call('HSET', meta, 'e', epoch, 's', '0', 'p', '', 'n', name)
  redis.call('DEL', stream)
  redis.call('PEXPIRE', meta, headMs)
end
epoch = head[1]
local headOffset, headId = tonumber(head[2]), head[3]

local state, works, isBroken = {}, {}, false
local function drop(key)
  works[key] = nil
  redis.call('HDEL', consumer, 'w:' .. key)
end
local function isKey(key)
  return #key <= 20 and (string.find(key, '^[1-9]%d*$') or string.find(key, '^g[1-9]%d*$'))
end
local function isGap(id)
  local epoch, offset, itsId = string.match(id, '^[%a-]+:([^:]+):([^:]+):([^:]*)$')
  return isHead(epoch, offset, itsId)
end
local fields = redis.pcall('HGETALL', consumer)
if fields.err then
  if not string.find(fields.err, 'WRONGTYPE', 1, true) then error(fields.err) end
  redis.call('DEL', consumer)
  fields, isBroken = {}, true
end
for index = 1, #fields, 2 do
  local key = string.match(fields[index], '^w:(.+)$')
  if key then
    local work = isKey(key) and workOf(fields[index + 1])
    if work and (string.sub(key, 1, 1) ~= 'g' or isGap(work.id)) then works[key] = work
    else
      -- It may have been a message that nobody has handled.
      drop(key)
      isBroken = true
    end
  else state[fields[index]] = fields[index + 1] end
end
if state.e and not isHead(state.e, state.s, state.p) then state, isBroken = { e = '' }, true end
if state.g and not (#state.g <= 15 and string.find(state.g, '^%d+$')) then state.g = nil end
for index = 11, #ARGV, 2 do
  local work = works[ARGV[index]]
  if work and work.holder == holder and work.id == ARGV[index + 1] then drop(ARGV[index]) end
end

local function offsetOf(entry) return tonumber(string.match(entry[1], '^%d+')) end
local function entriesFrom(offset, count)
  -- What stands behind the head was not stored by a post.
  local from, to = string.format('%.0f-0', offset), string.format('%.0f-0', headOffset)
  return callOn(stream, 'XRANGE', from, to, 'COUNT', count)
end

local at, last, gap = tonumber(state.s), state.p, nil
-- Goes before an entry, or before the first behind it that has the form of one.
local function goTo(entry)
  local tries = 0
  while entry and not contentOf(entry) and tries < 100 do
    entry, tries = entriesFrom(offsetOf(entry) + 1, 1)[1], tries + 1
  end
  if entry and contentOf(entry) then
    local _, previous = contentOf(entry)
    at, last = offsetOf(entry) - 1, previous
  else at, last = headOffset, headId end
end
if not state.e then
  if isBroken then gap = 'unreadable' elseif from == 'known' then gap = 'epoch-changed' end
  goTo((gap or from ~= 'head') and entriesFrom(1, 1)[1])
elseif state.e == '' then
  gap = 'unreadable'
  for key in pairs(works) do if string.sub(key, 1, 1) ~= 'g' then drop(key) end end
  goTo(entriesFrom(1, 1)[1])
elseif state.e ~= epoch then
  gap = 'epoch-changed'
  for key in pairs(works) do if string.sub(key, 1, 1) ~= 'g' then drop(key) end end
  goTo(entriesFrom(1, 1)[1])
elseif at > headOffset or (at == headOffset and last ~= headId) then
  gap = 'diverged'
  goTo(nil)
elseif at < headOffset then
  local first = entriesFrom(at + 1, 1)[1]
  if not first or offsetOf(first) > at + 1 then gap = 'trimmed'
  elseif not contentOf(first) then gap = 'unreadable'
  elseif select(2, contentOf(first)) ~= last then gap = 'diverged' end
  if gap then goTo(first) end
end
if isBroken then gap = gap or 'unreadable' end

-- What a share held that is dead, and what the history has lost of it meanwhile.
local due = {}
for key, work in pairs(works) do
  if work.dueMs <= nowMs then
    local offset = string.match(work.id, '^[%a-]+:[^:]*:(%d+):')
    if string.sub(key, 1, 1) == 'g' then
      due[#due + 1] = { key = key, work = work, order = tonumber(offset) + 0.5 }
    else
      local entry = redis.call('XRANGE', stream, key .. '-0', key .. '-0')[1]
      if entry and contentOf(entry) == work.id then
        due[#due + 1] = { key = key, work = work, order = tonumber(key), entry = entry }
      else
        drop(key)
        gap = gap or (entry and 'diverged' or 'trimmed')
      end
    end
  end
end
if gap then
  state.g = tonumber(state.g or 0) + 1
  local id = gap .. ':' .. epoch .. ':' .. string.format('%.0f', at) .. ':' .. last
  local work = { dueMs = nowMs, attempt = 0, holder = '', id = id }
  works['g' .. state.g] = work
  due[#due + 1] = { key = 'g' .. state.g, work = work, order = at + 0.5 }
end
table.sort(due, function(one, other) return one.order < other.order end)

local given, size = {}, 0
-- A text that is larger than a message may be is not given out: its consumer is told a gap.
local function textOfEntry(entry)
  local _, _, _, data = contentOf(entry)
  return data and #data <= messageBytes and data or ''
end
local function fits(entry)
  size = size + (entry and #textOfEntry(entry) or 0)
  return #given < limit and (#given == 0 or size <= bytes)
end
for _, one in ipairs(due) do
  if not fits(one.entry) then break end
  given[#given + 1] = one
end
if #given < limit and #given == #due then
  for _, entry in ipairs(entriesFrom(at + 1, limit - #given)) do
    local id, previous = contentOf(entry)
    if not id or offsetOf(entry) ~= at + 1 or previous ~= last or not fits(entry) then break end
    at, last = at + 1, id
    local key = string.format('%.0f', at)
    works[key] = { attempt = 0, id = id }
    given[#given + 1] = { key = key, work = works[key], entry = entry }
  end
end

local place = string.format('%.0f', at)
if state.e ~= epoch or state.s ~= place or state.p ~= last or gap then
  redis.call('HSET', consumer, 'e', epoch, 's', place, 'p', last, 'g', state.g or 0)
end
local reply = { epoch, '-1' }
for _, one in ipairs(given) do
  local work, previous, kind, data, _ = one.work, '', '', '', nil
  if one.entry then
    _, previous, kind = contentOf(one.entry)
    data = textOfEntry(one.entry)
  end
  work.dueMs, work.attempt, work.holder, work.isGiven = nowMs + leaseMs, work.attempt + 1, holder, true
  redis.call('HSET', consumer, 'w:' .. one.key, textOf(work))
  local size = #reply
  reply[size + 1], reply[size + 2], reply[size + 3] = one.key, tostring(work.attempt), work.id
  reply[size + 4], reply[size + 5], reply[size + 6] = previous, kind, data
end
local waitMs
for key, work in pairs(works) do
  if not work.isGiven then
    waitMs = math.min(waitMs or work.dueMs, work.dueMs)
    -- A gap that nobody had room for.
    if work.holder == '' then redis.call('HSET', consumer, 'w:' .. key, textOf(work)) end
  end
end
if waitMs then reply[2] = string.format('%.0f', math.max(0, waitMs - nowMs)) end
-- Rarely: each is a write, and goes to the replicas.
if redis.call('PTTL', consumer) < tonumber(keptMs) * 0.9 then redis.call('PEXPIRE', consumer, keptMs) end
if redis.call('PTTL', meta) < tonumber(headMs) / 2 then redis.call('PEXPIRE', meta, headMs) end
return reply
`);

/**
 * Renews the leases of work, with the attempts.
 *
 * Keys: consumer. Arguments: the holder, the lease in milliseconds; then the key, the id and the attempt of each
 * work. Returns 1 for each work of the holder, and 0 for the others.
 */
export const RENEW = new RedisScript(`${LUA_UNTRUSTED}${WORK}
local reply = {}
for index = 3, #ARGV, 3 do
  local field = 'w:' .. ARGV[index]
  local value = redis.call('HMGET', KEYS[1], field)[1]
  local work = value and workOf(value)
  local isOwn = work and work.holder == ARGV[1] and work.id == ARGV[index + 1]
  if isOwn then
    work.dueMs, work.attempt = nowMs + tonumber(ARGV[2]), tonumber(ARGV[index + 2])
    redis.call('HSET', KEYS[1], field, textOf(work))
  end
  reply[#reply + 1] = isOwn and 1 or 0
end
return reply
`);
