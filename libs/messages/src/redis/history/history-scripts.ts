import { RedisScript } from '../connection/redis-script.js';
import { LUA_UNTRUSTED } from '../connection/untrusted.js';

/**
 * Stores drafts one behind the other, and publishes what is new.
 *
 * Keys: meta, stream, then the key of each draft's id. Arguments: a random epoch, the channel's name, the
 * command that publishes and the key that it publishes on, the length, the age of messages, of the top and
 * of ids in milliseconds, the bytes and the messages of a publication, what no other attempt is called; then
 * id, type and text of each draft.
 *
 * Returns the epoch and what publishing failed with; then of each draft its offset, `=epoch:offset:id` when it
 * was there before, or `!` and why it was not stored.
 */
export const APPEND = new RedisScript(`${LUA_UNTRUSTED}
local meta, stream = KEYS[1], KEYS[2]
local epoch, name, publish, live, length, ageMs, topMs, idMs = unpack(ARGV, 1, 8)
local frameBytes, frameMessages, attempt = tonumber(ARGV[9]), tonumber(ARGV[10]), ARGV[11]
local known = {}
for first = 3, #KEYS, 256 do
  local found = redis.call('MGET', unpack(KEYS, first, math.min(first + 255, #KEYS)))
  for index = 1, #found do
    local at = found[index]
    local itsEpoch, itsOffset, itsId = string.match(at and #at < 256 and at or '', '^([^:]+):([^:]+):([^:]+)$')
    -- What does not name a position was not written by this script: the draft is stored.
    if isTop(itsEpoch, itsOffset, itsId) then known[first - 3 + index] = at end
  end
end
local top = topOf(meta)
local offset, last = 0, ''
if top then
  epoch, offset, last = top[1], tonumber(top[2]), top[3]
elseif redis.call('EXISTS', stream) == 1 then
  -- Only then: after a first write Redis no longer refuses others for want of memory.
  redis.call('DEL', stream)
end

local frames, entries, texts, size, start = {}, {}, {}, 0, ''
local function closeFrame()
  if #entries == 0 then return end
  frames[#frames + 1] = start .. table.concat(entries, ',') .. ']}\\n' .. table.concat(texts)
  entries, texts, size = {}, {}, 0
end

local function add(nextOffset, id, kind, data)
  if offset >= 9007199254740991 then return { err = 'the offsets of the epoch are used up' } end
  return redis.pcall('XADD', stream, 'MAXLEN', '~', length, nextOffset .. '-0',
    'i', id, 'p', last, 't', kind, 'd', data)
end

local function isJunk(why)
  for _, text in ipairs({ 'equal or smaller', 'exhausted the last possible', 'WRONGTYPE' }) do
    if string.find(why, text, 1, true) then return true end
  end
end

local results, seen, failure, stored, kind, kindJson = { epoch, '' }, {}, nil, false, nil, nil
for index = 1, #KEYS - 2 do
  local id, itsKind, data = ARGV[9 + index * 3], ARGV[10 + index * 3], ARGV[11 + index * 3]
  -- The same message stored on another branch stands behind another past: its position must not be the same.
  local place = id .. '~' .. attempt
  local at = known[index] or seen[id]
  if at then
    results[index + 2] = '=' .. at
  elseif failure then
    results[index + 2] = failure
  else
    local nextOffset = string.format('%.0f', offset + 1)
    -- First of all: when it is refused, nothing has changed.
    local added = add(nextOffset, place, itsKind, data)
    if added.err and not stored and isJunk(added.err) then
      -- The stream is ahead of its top, or none: only a hand from outside can do that. It begins anew, and says so.
      redis.call('DEL', stream)
      epoch, offset, last, nextOffset = ARGV[1], 0, '', '1'
      results[1] = epoch
      added = add(nextOffset, place, itsKind, data)
    end
    if added.err then
      failure = '!' .. added.err
      results[index + 2] = failure
    else
      if itsKind ~= kind then kind, kindJson = itsKind, cjson.encode(itsKind) end
      if #entries == frameMessages or size + #data > frameBytes then closeFrame() end
      if #entries == 0 then
        start = '{"v":1,"e":"' .. epoch .. '","o":' .. nextOffset .. ',"p":"' .. last .. '","m":['
      end
      entries[#entries + 1] = '["' .. place .. '",' .. kindJson .. ',' .. #data .. ']'
      texts[#texts + 1] = data
      size = size + #data
      seen[id] = epoch .. ':' .. nextOffset .. ':' .. place
      redis.call('SET', KEYS[index + 2], seen[id], 'PX', idMs)
      results[index + 2] = nextOffset
      offset, last, stored = offset + 1, place, true
    end
  end
end
if stored then
  redis.call('HSET', meta, 'e', epoch, 's', string.format('%.0f', offset), 'p', last, 'n', name)
  redis.call('PEXPIRE', stream, ageMs)
  redis.call('PEXPIRE', meta, topMs)
  closeFrame()
  for index = 1, #frames do
    local heard = redis.pcall(publish, live, frames[index])
    if type(heard) == 'table' and heard.err then results[2] = heard.err end
  end
elseif not failure then
  -- A write all the same: who waits for replicas waits for what its connection wrote last.
  redis.call('PEXPIRE', meta, topMs)
end
return results
`);

/**
 * Reads what is behind an offset, and the top; begins what has no epoch.
 *
 * Keys: meta, stream. Arguments: a random epoch, the channel's name, the age of the top in milliseconds,
 * `since` or `last`, an offset or a number of messages, the most messages and the most bytes, the most bytes of
 * one message, the age of the top of a history that nobody has posted to.
 *
 * Returns the epoch, offset and id of the top, and whether the limits cut the page; then of each message the
 * id of its entry, its id, the id before it, its type and its text. Ids are empty of an entry that is none of a
 * history, and the text is of one that is too large.
 */
export const READ = new RedisScript(`${LUA_UNTRUSTED}
local meta, stream = KEYS[1], KEYS[2]
local epoch, name, topMs, start = unpack(ARGV, 1, 4)
local messages, bytes, messageBytes = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local top = topOf(meta)
-- A client may name channels that nobody ever posts to.
if not top or top[2] == '0' then topMs = ARGV[9] end
if not top then
  top = { epoch, '0', '' }
  local set = redis.pcall('HSET', meta, 'e', epoch, 's', '0', 'p', '', 'n', name)
  if type(set) == 'table' and set.err then return set end
  redis.call('DEL', stream)
  redis.call('PEXPIRE', meta, topMs)
elseif redis.call('PTTL', meta) < tonumber(topMs) / 2 then
  -- A server that takes no writes now still lets the history be read.
  redis.pcall('PEXPIRE', meta, topMs)
end

local reply, count, size = { top[1], top[2], top[3], '0' }, 0, 0
local from = tonumber(ARGV[5])
if start == 'last' then from = math.max(0, tonumber(top[2]) - from) end
while true do
  local wanted = math.max(1, math.min(32, messages + 1 - count))
  -- What stands behind the top was not stored by this script.
  local chunk = callOn(stream, 'XRANGE', string.format('%.0f-0', from + 1), top[2] .. '-0', 'COUNT', wanted)
  for _, entry in ipairs(chunk) do
    local id, previous, kind, data = contentOf(entry)
    if data and #data > messageBytes then data = '' end
    size = size + (data and #data or 0)
    if count > 0 and (count >= messages or size > bytes) then
      reply[4] = '1'
      return reply
    end
    count = count + 1
    local at = #reply
    reply[at + 1], reply[at + 2], reply[at + 3] = entry[1], id or '', previous or ''
    reply[at + 4], reply[at + 5] = kind or '', data or ''
  end
  if #chunk < wanted then return reply end
  from = tonumber(string.match(chunk[#chunk][1], '^%d+'))
end
`);
