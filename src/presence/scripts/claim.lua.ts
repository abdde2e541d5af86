/**
 * Gives one claimer the right to reap an instance, and ends that instance's lease.
 *
 * KEYS: the claim, the instance's lease, the set of instances.
 * ARGV: the instance, the claimer, the claim's life in ms.
 * Reply: 1 when the claimer has it (again), 0 when another has, or the instance is reaped already.
 *
 * @module
 */

/** The script's source. */
export const CLAIM_SCRIPT = `
local instance, claimer, ttl_ms = ARGV[1], ARGV[2], ARGV[3]

if redis.call("SISMEMBER", KEYS[3], instance) == 0 then
  return 0
end
local holder = redis.call("GET", KEYS[1])
if holder and holder ~= claimer then
  return 0
end
redis.call("SET", KEYS[1], claimer, "PX", ttl_ms)
redis.call("DEL", KEYS[2])
return 1
`;
