"""What a request holds of its limits while it lasts, and what becomes of that when its usage is known."""

from collections.abc import Sequence

from tidegate.domain.allowance import Claim, Share
from tidegate.domain.exchange import Usage
from tidegate.domain.expectation import Expectation, limited_tokens
from tidegate.domain.quota import Limit
from tidegate.serving.allowances import Allowances
from tidegate.serving.quota_book import Book


class Expectations:
    """What each key's requests are expected to use."""

    def __init__(self) -> None:
        self._known: dict[str, Expectation] = {}

    def of(self, key_id: str) -> Expectation:
        return self._known.get(key_id) or _UNKNOWN

    def learn(self, key_id: str, size: int, usage: Usage, usd: float) -> None:
        self._known[key_id] = self.of(key_id).learned(size, usage, usd)


class Hold:
    """One admitted request; `shares` are those of its claims, in the order of its limits."""

    __slots__ = ("_allowances", "_book", "_expectations", "_key_id", "_size", "claims", "shares")

    def __init__(  # noqa: PLR0917 (made for every limited request: names would double its cost)
        self,
        book: Book,
        claims: Sequence[Claim],
        shares: Sequence[Share],
        allowances: Allowances,
        expectations: Expectations,
        key_id: str,
        size: int,
    ) -> None:
        self._book, self.claims, self.shares = book, claims, shares
        self._allowances = allowances
        self._expectations = expectations
        self._key_id, self._size = key_id, size

    @property
    def limits(self) -> Sequence[Limit]:
        """What binds the request."""
        return self._book.limits

    @property
    def metered(self) -> bool:
        """Something is limited that only the answer's usage tells."""
        return self._book.metered

    def settle(self, usage: Usage, usd: float | None, *, whole: bool = True) -> None:
        """Charge what was used beyond what was held, or give back what was not; call it once at most.

        Not `whole`, where a call was cut and may have used more than it said, nothing is given back: hanging
        up early would pass the limits.

        Where an answer came and nobody said what it used, what was held for it stays charged: do not call it
        then. An exchange without a price costs a budget nothing.
        """
        if not self._book.metered:
            return
        tokens = limited_tokens(usage)
        if tokens and whole:
            self._expectations.learn(self._key_id, self._size, usage, usd or 0.0)
        for claim, more in self._book.beyond(self.claims, tokens, usd or 0.0):
            if whole or more > 0:
                self._allowances.charge(claim, more)


_UNKNOWN = Expectation()
