"""The port SharedAllowances over Valkey: one script on one shard, timed by the server's clock."""

import asyncio
import hashlib
from collections.abc import Sequence
from itertools import groupby

from msgspec.structs import astuple

from tidegate.adapters.valkey.link import ValkeyAway, ValkeyLink, ValkeyRefusal
from tidegate.domain.allowance import ROUNDING, Claim, Share, tenant_of
from tidegate.ports import SharedAway

USE = "quota"

_SCRIPT = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local levels, met = {}, true
for i, key in ipairs(KEYS) do
  local a = (i - 1) * 7
  local capacity, rate, need = tonumber(ARGV[a + 1]), tonumber(ARGV[a + 2]), tonumber(ARGV[a + 3])
  local held = redis.call('HMGET', key, 'used', 'at')
  local level = tonumber(held[1] or '0')
  if held[1] and rate > 0 then
    level = math.max(0, level - rate * math.max(0, now - tonumber(held[2])))
  end
  level = math.max(0, level + tonumber(ARGV[a + 5]), tonumber(ARGV[a + 7]))
  if need > 0 and level + math.min(need, capacity) > capacity * (1 + ROUNDING) then met = false end
  levels[i] = level
end
local shares = {}
for i, key in ipairs(KEYS) do
  local a = (i - 1) * 7
  local capacity, rate, need = tonumber(ARGV[a + 1]), tonumber(ARGV[a + 2]), tonumber(ARGV[a + 3])
  local level, taken = levels[i], 0
  if met and need > 0 then taken = math.max(need, math.min(tonumber(ARGV[a + 4]), capacity - level)) end
  level = level + taken
  if level > 0 then
    redis.call('HSET', key, 'used', string.format('%.17g', level), 'at', string.format('%.17g', now))
    if rate > 0 then redis.call('PEXPIRE', key, math.ceil(level / rate * 1000) + 1000)
    else redis.call('PEXPIREAT', key, math.ceil(tonumber(ARGV[a + 6]) * 1000) + 60000) end
  else
    redis.call('DEL', key)
  end
  shares[2 * i - 1] = string.format('%.17g', taken)
  shares[2 * i] = string.format('%.17g', level)
end
return shares
""".replace("ROUNDING", repr(ROUNDING))

_DIGEST = hashlib.sha1(_SCRIPT.encode(), usedforsecurity=False).hexdigest()


class ValkeyAllowances:
    """Each bucket is a hash `PREFIXquota:{TENANT}:…` with what is in it, and since when."""

    def __init__(self, link: ValkeyLink) -> None:
        self._link = link

    async def take(self, claims: Sequence[Claim]) -> Sequence[Share]:
        """As it says; all claims that need something are of one tenant, so of one shard."""
        groups = [list(each) for _, each in groupby(claims, key=tenant_of)]
        shares = await asyncio.gather(*map(self._take, groups))
        return [share for group in shares for share in group]

    async def _take(self, claims: Sequence[Claim]) -> Sequence[Share]:
        names = [f"{self._link.prefix}{USE}:{claim.id}" for claim in claims]
        amounts = [repr(amount) for claim in claims for amount in astuple(claim)[1:]]
        try:
            answer = await self._run([len(names), *names, *amounts])
        except (ValkeyAway, ValkeyRefusal) as why:
            raise SharedAway(str(why)) from why
        return [Share(float(answer[at]), float(answer[at + 1])) for at in range(0, len(answer), 2)]

    async def _run(self, arguments: Sequence[object]) -> Sequence[bytes]:
        """By the script's digest; in full where the server has been started since."""
        try:
            found = await self._link.command(USE, "EVALSHA", _DIGEST, *arguments)
        except ValkeyRefusal as refusal:
            if "NOSCRIPT" not in str(refusal) and "No matching script" not in str(refusal):
                raise
            found = await self._link.command(USE, "EVAL", _SCRIPT, *arguments)
        return list[bytes](found)  # pyright: ignore[reportArgumentType] a script's list is a list of bytes
