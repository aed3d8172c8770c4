"""Where admitted amounts are booked: the buckets of this process alone, and what any such place offers."""

from collections.abc import Callable, Sequence
from typing import Protocol

from tidegate.domain.allowance import EMPTY, Claim, Fill, Share, put, take


class Allowances(Protocol):
    """Buckets of limits, this process's own or shared with others."""

    async def take(self, claims: Sequence[Claim]) -> Sequence[Share]:
        """Every claim's need, or nothing of any: then some share has nothing taken."""
        ...

    def charge(self, claim: Claim, amount: float) -> None:
        """Put more in (or less, where negative) when it is known what a request has used."""
        ...

    def raise_to(self, claim: Claim, used: float) -> None:
        """Let at least so much be in the bucket: the ledger knows of it."""
        ...

    def forget_ended(self, now: float) -> None:
        """Budgets that ended before `now`, in epoch seconds, are no longer needed."""
        ...


class OwnAllowances:
    """Buckets in memory; `now` in seconds that never step back. One for each limit that was met."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._fills: dict[str, Fill] = {}
        self._ends: dict[str, float] = {}

    async def take(self, claims: Sequence[Claim]) -> Sequence[Share]:
        """As it says."""
        after, shares = take(self._fills, claims, self._now())
        self._fills.update(after)
        return shares

    def charge(self, claim: Claim, amount: float) -> None:
        """As it says."""
        fill = self._fills.get(claim.id, EMPTY)
        if claim.until:
            self._ends[claim.id] = claim.until
        self._fills[claim.id] = put(fill, claim.rate, amount, self._now())

    def raise_to(self, claim: Claim, used: float) -> None:
        """As it says."""
        if self._fills.get(claim.id, EMPTY).used < used:
            self._fills[claim.id] = Fill(used, self._now())
            self._ends[claim.id] = claim.until

    def forget_ended(self, now: float) -> None:
        """Budgets that ended before `now`, in epoch seconds, are no longer needed."""
        for each in [name for name, until in self._ends.items() if until <= now]:
            self._fills.pop(each, None)
            del self._ends[each]
