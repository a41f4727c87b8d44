import { RedisScript } from '../connection/redis-script.js';
import { LUA_UNTRUSTED } from '../connection/untrusted.js';

/**
 * Stores drafts in order, and publishes those that are new.
 *
 * Keys: meta, stream, then the id key of each draft.
 *
 * Arguments: a random epoch; the channel's name; the publish command and its key; the number of messages to
 * retain; the lifetimes of messages, head and ids in milliseconds; the most bytes and messages of one
 * publication; a unique attempt id; then the id, type and text of each draft.
 *
 * Returns the epoch and the error of the publication, then one string for each draft: its offset,
 * `=epoch:offset:id` for a duplicate, or `!` and the reason for which it was not stored.
 */
export const APPEND = new RedisScript(`${LUA_UNTRUSTED}
local meta, stream = KEYS[1], KEYS[2]
local epoch, name, publish, live, length, ageMs, headMs, idMs = unpack(ARGV, 1, 8)
local frameBytes, frameMessages, attempt = tonumber(ARGV[9]), tonumber(ARGV[10]), ARGV[11]
local known = {}
for first = 3, #KEYS, 256 do
  local found = redis.call('MGET', unpack(KEYS, first, math.min(first + 255, #KEYS)))
  for index = 1, #found do
    local at = found[index]
    local itsEpoch, itsOffset, itsId = string.match(at and #at < 256 and at or '', '^([^:]+):([^:]+):([^:]+)$')
    -- This script did not write a value that is no position; store the draft then.
    if isHead(itsEpoch, itsOffset, itsId) then known[first - 3 + index] = at end
  end
end
local head = headOf(meta)
local offset, last = 0, ''
if head then
  epoch, offset, last = head[1], tonumber(head[2]), head[3]
elseif redis.call('EXISTS', stream) == 1 then
  -- Write only if needed: after a first write in a script, Redis no longer refuses later ones for lack of memory.
  redis.call('DEL', stream)
end

local frames, entries, texts, size, start = {}, {}, {}, 0, ''
local function closeFrame()
  if #entries == 0 then return end
  frames[#frames + 1] = start .. table.concat(entries, ',') .. ']}\\n' .. table.concat(texts)
  entries, texts, size = {}, {}, 0
end

local function add(nextOffset, id, kind, data)
  if offset >= 9007199254740991 then return { err = 'the epoch has no offsets left' } end
  return redis.pcall('XADD', stream, 'MAXLEN', '~', length, nextOffset .. '-0',
    'i', id, 'p', last, 't', kind, 'd', data)
end

local function isCorruption(why)
  for _, text in ipairs({ 'equal or smaller', 'exhausted the last possible', 'WRONGTYPE' }) do
    if string.find(why, text, 1, true) then return true end
  end
end

local results, seen, failure, stored, kind, kindJson = { epoch, '' }, {}, nil, false, nil, nil
for index = 1, #KEYS - 2 do
  local id, itsKind, data = ARGV[9 + index * 3], ARGV[10 + index * 3], ARGV[11 + index * 3]
  -- The attempt makes the position differ when the same message is stored on another timeline.
  local positionId = id .. '~' .. attempt
  local at = known[index] or seen[id]
  if at then
    results[index + 2] = '=' .. at
  elseif failure then
    results[index + 2] = failure
  else
    local nextOffset = string.format('%.0f', offset + 1)
    -- The first write: after a refusal nothing has changed.
    local added = add(nextOffset, positionId, itsKind, data)
    if added.err and not stored and isCorruption(added.err) then
      -- Another writer moved the stream ahead of its head or replaced the key: start a new epoch.
      redis.call('DEL', stream)
      epoch, offset, last, nextOffset = ARGV[1], 0, '', '1'
      results[1] = epoch
      added = add(nextOffset, positionId, itsKind, data)
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
      entries[#entries + 1] = '["' .. positionId .. '",' .. kindJson .. ',' .. #data .. ']'
      texts[#texts + 1] = data
      size = size + #data
      seen[id] = epoch .. ':' .. nextOffset .. ':' .. positionId
      redis.call('SET', KEYS[index + 2], seen[id], 'PX', idMs)
      results[index + 2] = nextOffset
      offset, last, stored = offset + 1, positionId, true
    end
  end
end
if stored then
  redis.call('HSET', meta, 'e', epoch, 's', string.format('%.0f', offset), 'p', last, 'n', name)
  redis.call('PEXPIRE', stream, ageMs)
  redis.call('PEXPIRE', meta, headMs)
  closeFrame()
  for index = 1, #frames do
    local published = redis.pcall(publish, live, frames[index])
    if type(published) == 'table' and published.err then results[2] = published.err end
  end
elseif not failure then
  -- Write in any case: WAIT covers the last write of its connection.
  redis.call('PEXPIRE', meta, headMs)
end
return results
`);

/**
 * Reads the entries after an offset, and the head.
 *
 * A history without an epoch starts one.
 *
 * Keys: meta, stream.
 *
 * Arguments: a random epoch; the channel's name; the lifetime of the head in milliseconds; `since` or `last`,
 * with an offset or a number of messages; the most messages and bytes of the page; the most bytes of one
 * message; the lifetime of the head of a history without messages.
 *
 * Returns the epoch, offset and id of the head, and `1` when the limits cut the page. Five strings follow for
 * each message: the id of its entry, its id, the previous id, its type and its text. The ids of a malformed
 * entry are empty, and so is a text that is too large.
 */
export const READ = new RedisScript(`${LUA_UNTRUSTED}
local meta, stream = KEYS[1], KEYS[2]
local epoch, name, headMs, start = unpack(ARGV, 1, 4)
local messages, bytes, messageBytes = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local head = headOf(meta)
-- A client may name channels without any post, so their heads expire early.
if not head or head[2] == '0' then headMs = ARGV[9] end
if not head then
  head = { epoch, '0', '' }
  local set = redis.pcall('HSET', meta, 'e', epoch, 's', '0', 'p', '', 'n', name)
  if type(set) == 'table' and set.err then return set end
  redis.call('DEL', stream)
  redis.call('PEXPIRE', meta, headMs)
elseif redis.call('PTTL', meta) < tonumber(headMs) / 2 then
  -- The error is ignored: a server that refuses writes still serves reads.
  redis.pcall('PEXPIRE', meta, headMs)
end

local reply, count, size = { head[1], head[2], head[3], '0' }, 0, 0
local from = tonumber(ARGV[5])
if start == 'last' then from = math.max(0, tonumber(head[2]) - from) end
while true do
  local pageSize = math.max(1, math.min(32, messages + 1 - count))
  -- This script did not store entries after the head.
  local chunk = callOn(stream, 'XRANGE', string.format('%.0f-0', from + 1), head[2] .. '-0', 'COUNT', pageSize)
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
  if #chunk < pageSize then return reply end
  from = tonumber(string.match(chunk[#chunk][1], '^%d+'))
end
`);
