"""What must happen in Redis in one piece. Each script touches one slot of a Cluster, and is sent once, then named.

All take the time from Redis (TIME), in microseconds, and give it back: 2^53 of them last until the year 2255.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha1

__all__ = ["BUDGET", "CLAIM", "DROP", "OBSERVE", "PUT", "SETTLE", "VERSIONS", "Script"]


@dataclass(frozen=True, slots=True)
class Script:
    """A Lua script, and the digest by which Redis names it."""

    text: str
    sha: str = field(init=False)

    def __post_init__(self) -> None:
        # Redis names scripts by SHA-1; it protects nothing.
        object.__setattr__(self, "sha", sha1(self.text.encode(), usedforsecurity=False).hexdigest())


VERSIONS = Script("""
-- KEYS: tags. ARGV: lifetime in ms, then for each tag the version to give it if it has none.
-- Returns the time, then the versions. A version outlives every entry that it is stamped on.
local time = redis.call('TIME')
local answer = {time[1] * 1000000 + time[2]}
for i, tag in ipairs(KEYS) do
  local version = redis.call('GET', tag)
  if not version then
    version = ARGV[i + 1]
    redis.call('SET', tag, version, 'PX', ARGV[1])
  elseif redis.call('PTTL', tag) < tonumber(ARGV[1]) then
    redis.call('PEXPIRE', tag, ARGV[1])
  end
  answer[i + 1] = version
end
return answer
""")

CLAIM = Script("""
-- KEYS: lease, entry. ARGV: rank (one digit), stamp (32 characters), token, milliseconds, when the entry that the
-- caller knows was born (0: none). Returns what came of it, the time, which is the claim's number, and when the entry
-- was born.
-- 1: the lease is the caller's now. 0: another has it. 2: there is another entry than the caller knows.
-- A holder that reads what is stale by now, or for whom nobody waits while somebody does here, loses it; what it brings
-- is not stored then.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local there, born = redis.call('GETRANGE', KEYS[2], 0, 22), 0
if string.sub(there, 5, 6) == 'M1' then born = tonumber(string.sub(there, 8)) or 0 end
if born ~= tonumber(ARGV[5]) then return {2, now, born} end
local held = redis.call('GET', KEYS[1])
if held and string.sub(held, 2, 33) == ARGV[2] and tonumber(string.sub(held, 1, 1)) >= tonumber(ARGV[1]) then
  return {0, now, born}
end
redis.call('SET', KEYS[1], ARGV[1] .. ARGV[2] .. ARGV[3], 'PX', ARGV[4])
return {1, now, born}
""")

PUT = Script("""
-- KEYS: entry, lease. ARGV: token, number of the claim, entry, lifetime in ms. Returns 1 if the entry was stored.
-- Refused: who lost the lease to another that still loads, and who is older than what is there.
local held = redis.call('GET', KEYS[2])
local mine = held and string.sub(held, 34) == ARGV[1]
if held and not mine then return 0 end
if mine then redis.call('DEL', KEYS[2]) end
local there = redis.call('GETRANGE', KEYS[1], 0, 22)
if string.sub(there, 5, 6) == 'M1' then
  local born = tonumber(string.sub(there, 8))
  if born and born > tonumber(ARGV[2]) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
return 1
""")

DROP = Script("""
-- KEYS: lease. ARGV: token. Gives back the lease, if it is still the caller's.
local held = redis.call('GET', KEYS[1])
if held and string.sub(held, 34) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
""")

# A budget is one hash. Its fields: `w<n>:<slice>` calls that ended in a slice of window n; `p:<token>` a call under
# way, as `cost:expires`; `frozen`, `until`, `left` what the upstream said; `waiting` until when somebody waits who goes
# before the background. Times are in ms.
_READ_BUDGET = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local fields = redis.call('HGETALL', KEYS[1])
local slices, known, flying, calls = {}, {}, 0, 0
for i = 1, #fields, 2 do
  local name, value = fields[i], fields[i + 1]
  local window, slice = string.match(name, '^w(%d+):(%d+)$')
  if window then
    window = tonumber(window)
    slices[window] = slices[window] or {}
    table.insert(slices[window], {tonumber(slice), tonumber(value), name})
  elseif string.sub(name, 1, 2) == 'p:' then
    local cost, expires = string.match(value, '^(%d+):(%d+)$')
    if tonumber(expires) <= now then
      redis.call('HDEL', KEYS[1], name)
    else
      flying = flying + tonumber(cost)
      calls = calls + 1
    end
  else
    known[name] = tonumber(value)
  end
end
local function keep(ms)
  if redis.call('PTTL', KEYS[1]) < ms then redis.call('PEXPIRE', KEYS[1], math.ceil(ms)) end
end
"""

BUDGET = Script(
    _READ_BUDGET
    + """
-- KEYS: budget. ARGV: cost, rank, share kept from the background, most calls at once (0: any), token, ms after which a
-- call that never ended is forgotten, calls made while Redis was away, slices, then for each window its limit and ms.
-- Returns 1 if the call may begin, else 0; ms to wait; what is left after it.
local cost, rank, share, most = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local forgotten, carried, parts = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local wait, left, longest, largest = 0, nil, 0, 0
for i = 9, #ARGV, 2 do
  local window, limit, span = (i - 9) / 2, tonumber(ARGV[i]), tonumber(ARGV[i + 1])
  local length = span / parts
  local current = math.floor(now / length)
  longest, largest = math.max(longest, span), math.max(largest, limit)
  if carried > 0 then
    local name = 'w' .. window .. ':' .. string.format('%.0f', current)
    redis.call('HINCRBY', KEYS[1], name, carried)
    slices[window] = slices[window] or {}
    table.insert(slices[window], {current, carried, name})
  end
  local used, live = flying, {}
  for _, slice in ipairs(slices[window] or {}) do
    if slice[1] < current - parts then
      redis.call('HDEL', KEYS[1], slice[3])
    else
      used = used + slice[2]
      table.insert(live, slice)
    end
  end
  local allowed = limit
  if rank == 0 then allowed = math.max(1, math.floor(limit * (1 - share))) end
  local over = used + cost - allowed
  if over > 0 then
    table.sort(live, function(a, b) return a[1] < b[1] end)
    -- Where calls under way stand in the way, they will for the whole window after they have ended.
    local need = span
    for _, slice in ipairs(live) do
      over = over - slice[2]
      if over <= 0 then
        need = (slice[1] + parts + 1) * length - now
        break
      end
    end
    wait = math.max(wait, need)
  end
  left = math.min(left or limit, limit - used)
end
if known.frozen and known.frozen > now then wait, left = math.max(wait, known.frozen - now), 0 end
if known['until'] and known['until'] > now then
  local spare = known.left
  left = math.min(left, spare)
  if rank == 0 then spare = spare - math.floor(largest * share) end
  if spare < cost then wait = math.max(wait, known['until'] - now) end
end
if most > 0 and calls >= most then wait = math.max(wait, 20) end
if rank == 0 and known.waiting and known.waiting > now then wait = math.max(wait, known.waiting - now) end
if wait > 0 then
  if rank > 0 then
    redis.call('HSET', KEYS[1], 'waiting', string.format('%.0f', now + wait + 100))
    keep(wait + 1000)
  end
  return {0, math.ceil(wait), math.max(0, left)}
end
redis.call('HSET', KEYS[1], 'p:' .. ARGV[5], ARGV[1] .. ':' .. string.format('%.0f', now + forgotten))
if known['until'] and known['until'] > now then redis.call('HINCRBY', KEYS[1], 'left', -cost) end
keep(longest * 2 + forgotten)
return {1, 0, math.max(0, left - cost)}
"""
)

SETTLE = Script("""
-- KEYS: budget. ARGV: token, slices, then for each window its ms. The call has ended: it counts from now on, for only
-- now it is sure to have been counted by the upstream.
local call = redis.call('HGET', KEYS[1], 'p:' .. ARGV[1])
if not call then return 0 end
redis.call('HDEL', KEYS[1], 'p:' .. ARGV[1])
local cost = string.match(call, '^(%d+):')
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for i = 3, #ARGV do
  local length = tonumber(ARGV[i]) / tonumber(ARGV[2])
  redis.call('HINCRBY', KEYS[1], 'w' .. (i - 3) .. ':' .. string.format('%.0f', math.floor(now / length)), cost)
end
return 1
""")

OBSERVE = Script(
    _READ_BUDGET
    + """
-- KEYS: budget. ARGV: ms for which nobody may call (0: none), what the upstream says is left (-1: nothing said), ms
-- until it begins anew, cost of the caller's own call. Answers overtake each other, so of one period the least counts.
local freeze, left, reset = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
if freeze > 0 then
  local frozen = math.max(known.frozen or 0, now + freeze)
  redis.call('HSET', KEYS[1], 'frozen', string.format('%.0f', frozen))
  keep(frozen - now + 1000)
end
if left >= 0 and reset > 0 then
  -- The others that are under way may not be in the upstream's number yet.
  left = math.max(0, left - math.max(0, flying - tonumber(ARGV[4])))
  local ends = now + reset
  if known['until'] and known['until'] > now and math.abs(known['until'] - ends) < 2000 then
    left, ends = math.min(left, known.left), math.max(known['until'], ends)
  end
  redis.call('HSET', KEYS[1], 'left', string.format('%.0f', left), 'until', string.format('%.0f', ends))
  keep(ends - now + 1000)
end
return 1
"""
)
