"""Logarithms of what requests cost, summed one by one: overall, beside their sizes, and by user."""

import math
from collections.abc import Hashable

import msgspec

from tidegate.domain.census import LogSums, UserCosts

MOST_USERS = 20_000
"""Whose costs are kept apart, the first that come: a week may have a million, and some thousands tell it."""


class LogCosts:
    """Sums in the making."""

    def __init__(self) -> None:
        self._sums = msgspec.structs.asdict(LogSums())
        self._users: dict[Hashable, tuple[int, float, float]] = {}

    def add(self, cost_usd: float, asked_bytes: float, user: Hashable | None) -> None:
        """One priced request; `user` None: nobody is known to have sent it."""
        totals = self._sums
        totals["priced"] += 1
        totals["usd"] += cost_usd
        if cost_usd <= 0:
            return
        x = math.log(cost_usd)
        totals["costly"] += 1
        totals["x"] += x
        totals["xx"] += x * x
        if asked_bytes > 0:
            y = math.log(asked_bytes)
            totals["sized"] += 1
            totals["xs"] += x
            totals["xxs"] += x * x
            totals["y"] += y
            totals["yy"] += y * y
            totals["xy"] += x * y
        if user is not None and (user in self._users or len(self._users) < MOST_USERS):
            count, total, squares = self._users.get(user, (0, 0.0, 0.0))
            self._users[user] = count + 1, total + x, squares + x * x

    def sums(self) -> LogSums:
        return LogSums(**self._sums)

    def by_user(self) -> UserCosts:
        """How the logarithms scatter within users and between them."""
        rows = self._users.values()
        requests = sum(count for count, _, _ in rows)
        if not requests:
            return UserCosts()
        mean = math.fsum(total for _, total, _ in rows) / requests
        return UserCosts(
            users=len(rows),
            requests=requests,
            squared=sum(count * count for count, _, _ in rows),
            within=math.fsum(max(0.0, squares - total * total / count) for count, total, squares in rows),
            between=math.fsum(count * (total / count - mean) ** 2 for count, total, _ in rows),
        )
