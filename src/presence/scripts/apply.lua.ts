/**
 * Applies changes in order, by the rules of `record.ts` and `state.ts`. It reads no clock: all times
 * come with the changes.
 *
 * KEYS: the instance's lease, the set of online users, the index, then what the changes name.
 * ARGV: the options, then each change, as JSON; `redis_apply.ts` writes them. A change's `keys` are
 * places in KEYS.
 * Reply: how many calls were made under the lease, 0 without one; JSON, an outcome for each change. Nil
 * when the lease is needed and gone, and then nothing was written.
 *
 * @module
 */

/** The script's source. */
export const APPLY_SCRIPT = `
local LEASE, ONLINE_USERS, INDEX = KEYS[1], KEYS[2], KEYS[3]
local options = cjson.decode(ARGV[1])

local is_held = redis.call("EXISTS", LEASE) == 1
if options.needs_lease and not is_held then
  return false
end

-- cjson writes 14 digits, which is enough for milliseconds; Redis wants its integers plain.
local function integer(value)
  return string.format("%.0f", value)
end

-- By bytes: Lua's own comparison goes by the server's locale.
local function comes_after(a, b)
  for i = 1, math.min(#a, #b) do
    local byte_a, byte_b = a:byte(i), b:byte(i)
    if byte_a ~= byte_b then return byte_a > byte_b end
  end
  return #a > #b
end

local function outranks(a, b)
  if a.updated_at_ms ~= b.updated_at_ms then return a.updated_at_ms > b.updated_at_ms end
  if a.connected_at_ms ~= b.connected_at_ms then return a.connected_at_ms > b.connected_at_ms end
  return comes_after(a.session_id, b.session_id)
end

local function shown_session(record)
  local shown, count = nil, 0
  for _, session in pairs(record.sessions) do
    count = count + 1
    if shown == nil or outranks(session, shown) then shown = session end
  end
  return shown, count
end

local function presence_of(record)
  local shown, count = shown_session(record)
  shown = shown or { status = "offline" }
  return {
    user_id = record.user_id,
    name = shown.name or record.name,
    status = shown.status,
    location = shown.location or cjson.null,
    session_id = shown.session_id or cjson.null,
    sessions = count,
    region = shown.region or cjson.null,
    version = record.version,
  }
end

local function is_remembered(ended, now_ms)
  return ended ~= nil and now_ms - ended.ended_at_ms < options.resume_window_ms
end

local function prune(ended, now_ms)
  local ids = {}
  for id, session in pairs(ended) do
    if is_remembered(session, now_ms) then ids[#ids + 1] = id end
  end
  table.sort(ids, function(a, b)
    local at_a, at_b = ended[a].ended_at_ms, ended[b].ended_at_ms
    if at_a ~= at_b then return at_a > at_b end
    return comes_after(a, b)
  end)
  local kept = {}
  for i = 1, math.min(#ids, options.max_ended) do kept[ids[i]] = ended[ids[i]] end
  return kept
end

local SESSION_FIELDS = {
  "instance", "region", "name", "status", "location", "updated_at_ms", "connected_at_ms",
  "resumed_from",
}

local function is_same(a, b)
  for _, field in ipairs(SESSION_FIELDS) do
    if a[field] ~= b[field] then return false end
  end
  return true
end

-- Each changes the record's sessions and returns whether there was anything to do.
local rules = {}

function rules.put(record, change)
  local session = change.session
  local known = record.sessions[session.session_id]
  if known ~= nil and is_same(known, session) then return false end
  record.sessions[session.session_id] = session
  record.ended[session.session_id] = nil
  return true
end

function rules.leave(record, change)
  local session = record.sessions[change.session_id]
  if session == nil or session.instance ~= change.instance then return false end
  record.sessions[change.session_id] = nil
  record.ended[change.session_id] = {
    ended_at_ms = change.now_ms,
    status = session.status,
    location = session.location,
    updated_at_ms = session.updated_at_ms,
    instance = session.instance,
  }
  return true
end

function rules.resume(record, change)
  local from, session = change.from_session_id, change.session
  local earlier = record.sessions[from]
  if earlier == nil and is_remembered(record.ended[from], change.now_ms) then
    earlier = record.ended[from]
  end
  if earlier == nil or from == session.session_id then return false end
  if session.updated_at_ms == 0 then
    session.status = earlier.status
    session.location = earlier.location
    session.updated_at_ms = earlier.updated_at_ms
  end
  session.resumed_from = from
  record.sessions[from] = nil
  record.ended[from] = nil
  record.sessions[session.session_id] = session
  record.ended[session.session_id] = nil
  return true
end

-- The latest view is the newest version under which anybody may have seen the record: one without the
-- sessions of dead instances is newer than the record itself.
local function stamp(record, change, latest_view)
  local session = change.session
  if session ~= nil and session.name ~= nil then record.name = session.name end
  -- What has lost its data is behind what others were told.
  record.version = math.max(latest_view + 1, change.now_ms, (change.known_version or 0) + 1)
  record.last_seen_ms = change.now_ms
  record.ended = prune(record.ended, change.now_ms)
end

local function location_member(user_id, location)
  return "l/" .. location .. "/" .. user_id
end

-- What others read: the online key, the set, and the index. The key lives as long as the session that
-- asked for the longest life.
local function publish(record, change, is_changed, previous_location, ttl_ms)
  local user_id, online = change.user_id, KEYS[change.keys.online]
  local presence = presence_of(record)
  if previous_location ~= cjson.null and previous_location ~= presence.location then
    redis.call("ZREM", INDEX, location_member(user_id, previous_location))
  end
  if presence.sessions == 0 then
    redis.call("DEL", online)
    redis.call("SREM", ONLINE_USERS, user_id)
    redis.call("ZREM", INDEX, "u/" .. user_id)
    return
  end
  local is_written = not is_changed and redis.call("PEXPIRE", online, integer(ttl_ms)) == 1
  if ttl_ms > 0 and not is_written then
    presence.last_seen = change.now_iso
    redis.call("SET", online, cjson.encode(presence), "PX", integer(ttl_ms))
  end
  redis.call("SADD", ONLINE_USERS, user_id)
  redis.call("ZADD", INDEX, "0", "u/" .. user_id)
  if presence.location ~= cjson.null then
    redis.call("ZADD", INDEX, "0", location_member(user_id, presence.location))
  end
end

local function keep_session(change)
  local keys = change.keys
  redis.call("SET", KEYS[keys.session], change.session_info, "PX", integer(change.ttl_ms))
  redis.call("HSET", KEYS[keys.held], change.session.session_id, change.user_id)
  if change.op == "resume" then
    redis.call("DEL", KEYS[keys.from])
    redis.call("HDEL", KEYS[keys.held], change.from_session_id)
  end
end

local function drop_session(record, change)
  local keys = change.keys
  if record.sessions[change.session_id] == nil then redis.call("DEL", KEYS[keys.session]) end
  -- A reaper removes the whole hash once it is through, so that its work can be repeated until then.
  if not options.reaping then redis.call("HDEL", KEYS[keys.held], change.session_id) end
end

local function write(record, change, is_changed, previous_location)
  if change.op == "leave" then drop_session(record, change) else keep_session(change) end
  if change.op == "leave" and not is_changed then return end
  local ttl_ms = 0
  if next(record.sessions) ~= nil then
    ttl_ms = math.max(redis.call("PTTL", KEYS[change.keys.online]), change.ttl_ms or 0)
  end
  publish(record, change, is_changed, previous_location, ttl_ms)
  redis.call("SET", KEYS[change.keys.user], cjson.encode(record),
    "PX", integer(math.max(options.record_ttl_ms, ttl_ms)))
end

local function apply(change)
  local stored = redis.call("GET", KEYS[change.keys.user])
  local record = stored and cjson.decode(stored)
    or { user_id = change.user_id, version = 0, sessions = {}, ended = {} }
  local before = presence_of(record)
  local is_changed = rules[change.op](record, change)
  if is_changed then stamp(record, change, before.version + before.sessions) end
  if is_changed or change.op ~= "resume" then
    write(record, change, is_changed, before.location)
  end
  local outcome = {
    record = record.version > 0 and record or cjson.null,
    previous_location = before.location,
    changed = is_changed,
  }
  -- An attempt to reap that nobody saw the end of has done this already, and told no one.
  local ended = options.reaping and record.ended[change.session_id]
  if ended and ended.instance == change.instance and not is_changed then
    outcome.previous_location, outcome.changed = ended.location, true
  end
  return outcome
end

local outcomes = {}
for i = 2, #ARGV do
  local outcome = apply(cjson.decode(ARGV[i]))
  outcomes[#outcomes + 1] = cjson.encode(outcome)
end
return { is_held and redis.call("INCR", LEASE) or 0, outcomes }
`;
