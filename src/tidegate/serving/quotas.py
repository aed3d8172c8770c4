"""Quotas on the request path: whether a request's key and tenant have room left, and what it holds of it."""

from collections.abc import Mapping, Sequence

from tidegate.domain import metrics
from tidegate.domain.access import KeyRecord
from tidegate.domain.allowance import Claim, Share, wait
from tidegate.domain.day import Day, day_of
from tidegate.domain.errors import QuotaExceeded
from tidegate.domain.quota import Amounts, Kind, Limit
from tidegate.ports import Clock, Meter
from tidegate.serving.allowances import Allowances
from tidegate.serving.hold import Expectations, Hold
from tidegate.serving.quota_book import Book, QuotaSettings, open_book
from tidegate.serving.quota_words import exceeded
from tidegate.serving.snapshot import RoutingSnapshot

RETRY_SECONDS = 60.0
"""Who has to wait longer is told not to try by itself: the SDKs wait no longer than this."""


class Quotas:
    """Admits requests by the snapshot's quotas; books of keys are opened when they are first met.

    `part` is the share of each minute's limit that is this process's own, where processes share no buckets.
    """

    def __init__(
        self, settings: QuotaSettings, allowances: Allowances, *, clock: Clock, meter: Meter
    ) -> None:
        self.settings = settings
        self._allowances = allowances
        self._clock = clock
        self._meter = meter
        self._expectations = Expectations()
        self._books: dict[str, Book | None] = {}
        self._quotas: Mapping[tuple[str, str], Amounts] | None = None
        self._part = 1.0
        self.day = day_of(clock.now(), settings.zone)

    @property
    def part(self) -> float:
        return self._part

    @part.setter
    def part(self, part: float) -> None:
        if part != self._part:
            self._part = part
            self._books.clear()

    def limit(self, snapshot: RoutingSnapshot, key: KeyRecord) -> bool:
        """Whether anything limits this key's requests: if not there is nothing to admit."""
        return self._book(snapshot, key) is not None

    async def admit(self, snapshot: RoutingSnapshot, key: KeyRecord, size: int) -> Hold | None:
        """Hold what a request with a body of so many bytes will probably use; None where nothing limits it.

        Raises QuotaExceeded, and then nothing is held.
        """
        book = self._book(snapshot, key)
        if book is None:
            return None
        claims = book.needs(self._expectations.of(key.id), size) if book.metered else book.claims
        shares = await self._allowances.take(claims)
        for share in shares:
            if not share.taken:
                raise self._refusal(book.limits, claims, shares)
        return Hold(book, claims, shares, self._allowances, self._expectations, key.id, size)

    def today(self) -> Day:
        """The day that budgets are counted in; a clock that steps back does not begin one anew."""
        if self._clock.now() >= self.day.end:
            self.day = day_of(self._clock.now(), self.settings.zone)
            self._books.clear()
        return self.day

    def _book(self, snapshot: RoutingSnapshot, key: KeyRecord) -> Book | None:
        if snapshot.quotas is not self._quotas:
            self._quotas = snapshot.quotas
            self._books.clear()
        if self._clock.now() >= self.day.end:
            self.today()
        try:
            return self._books[key.id]
        except KeyError:
            book = open_book(key, snapshot.quotas, self.settings, day=self.day, part=self._part)
            self._books[key.id] = book
            return book

    def _refusal(
        self, limits: Sequence[Limit], claims: Sequence[Claim], shares: Sequence[Share]
    ) -> QuotaExceeded:
        """Named is the limit that takes longest to have room: before that, trying again is in vain."""
        now = self._clock.now()
        waits = [self._wait(claim, share, now) for claim, share in zip(claims, shares, strict=True)]
        longest = max(waits)
        limit = limits[waits.index(longest)]
        self._meter.add(metrics.QUOTA_REFUSALS, (limit.scope.value, limit.kind.value))
        share = shares[waits.index(longest)]
        return QuotaExceeded(
            exceeded(limit, share.used, now + longest, longest),
            retry_after=longest,
            retry=longest <= RETRY_SECONDS and limit.kind is not Kind.USD,
        )

    def _wait(self, claim: Claim, share: Share, now: float) -> float:
        """Seconds until a claim has room; a moment where another took it just now."""
        seconds = wait(claim, share.used)
        return max(0.0, claim.until - now) if claim.until and seconds else seconds
