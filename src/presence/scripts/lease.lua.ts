/**
 * Opens or renews a lease and tells who else has one.
 *
 * KEYS: the instance's lease, the set of instances, then the leases of other instances.
 * ARGV: `open` or `renew`, the instance, the lease's life in ms, how many calls of `apply.lua.ts` are
 * known to have been made under it.
 * Reply: 1 or 0 for held or not; the instances registered; for each of the other leases, 1 or 0.
 *
 * @module
 */

/** The script's source. */
export const LEASE_SCRIPT = `
local mode, instance, ttl_ms, known_calls = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])

local held = 1
if mode == "open" then
  redis.call("SET", KEYS[1], "0", "PX", ttl_ms)
elseif tonumber(redis.call("GET", KEYS[1]) or -1) >= known_calls then
  redis.call("PEXPIRE", KEYS[1], ttl_ms)
else
  -- It is gone, or from before some of the calls: what they wrote is lost.
  redis.call("DEL", KEYS[1])
  held = 0
end
if held == 1 then
  redis.call("SADD", KEYS[2], instance)
end

local others = {}
for i = 3, #KEYS do
  others[#others + 1] = redis.call("EXISTS", KEYS[i])
end
return { held, redis.call("SMEMBERS", KEYS[2]), others }
`;
