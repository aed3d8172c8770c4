"""What one request may have unsealed: each seal once, so many of them, within bytes and time.

A seal is small and opens to much, files and scripts' results included, and whoever holds one can send it as
often as a body has room. What goes beyond is left out like a seal that is none, the latest first: what a
model was told before stays as it was, and so does the provider's cache of it.
"""

import logging
from collections.abc import Mapping, Sequence

import msgspec

from tidegate.domain import metrics
from tidegate.ports import Clock, Meter
from tidegate.serving.hosted.blocks import Block
from tidegate.serving.hosted.desk import SkillDesk
from tidegate.serving.hosted.restore import OverLimitError
from tidegate.serving.hosted.seal import SealedRound, Seals, original
from tidegate.serving.metering import Draft

_log = logging.getLogger("tidegate.hosted")

MOST_SEALS = 256
"""Opened for one request, each of which takes the event loop up to a millisecond. A conversation in which the
client's calls and the gateway's met in so many turns is rare, and goes on without the later ones.
"""


class Allowed(msgspec.Struct, frozen=True, kw_only=True):
    """What unsealing may take: bytes of calls and results, and until when, by the clock's `monotonic`."""

    room: int
    until: float


class Unsealing:
    """Opens the seals of one transcript and answers what was in them."""

    def __init__(
        self, seals: Seals, desk: SkillDesk, draft: Draft, allowed: Allowed, *, meter: Meter, clock: Clock
    ) -> None:
        self._seals = seals
        self._desk = desk
        self._draft = draft
        self._room = allowed.room
        self._until = allowed.until
        self._meter = meter
        self._clock = clock
        self._known: Mapping[str, str] = _digests(draft)
        self._opened: set[str] = set()
        self._over = False

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return self._until - self._clock.monotonic()

    def open(self, sealed_id: str) -> tuple[SealedRound, ...] | None:
        """The sealed calls, if they are this tenant's, about the very skills that it is served now, and
        within what a request may have unsealed.
        """
        call_id = original(sealed_id)
        if call_id in self._opened:
            return self._left_out("repeated")
        if self._over or len(self._opened) >= MOST_SEALS or self.left <= 0:
            self.cut_short("too many, or too late")
            return None
        rounds = self._seals.open(self._draft.key.tenant, sealed_id)
        if rounds is None:
            return self._left_out("forged")
        self._opened.add(call_id)
        calls = [call for each in rounds for call in each.calls]
        if any(self._known.get(call.skill, "") != call.digest for call in calls):
            return self._left_out("unassigned")
        self._meter.add(metrics.SEALS, ("opened",))
        return rounds

    async def answers(self, calls: Sequence[Block]) -> list[bytes]:
        """The results of calls that were sealed; raises OverLimitError where there is no room for them."""
        results = await self._desk.answers(calls, self.left, again=True)
        self._room -= sum(len(call.raw) for call in calls) + sum(map(len, results))
        if self._room < 0:
            self.cut_short("too large")
            raise OverLimitError
        return results

    def cut_short(self, why: str) -> None:
        """Count a seal that is left out for a limit; from the first one on all others are, too."""
        self._left_out("over_limit")
        if self._over:
            return
        self._over = True
        _log.warning("sealed skill tool calls left out", extra={"request_id": self._draft.id, "why": why})
        self._draft.note_skill_error("seals_over_limit")

    def _left_out(self, why: str) -> None:
        self._meter.add(metrics.SEALS, (why,))


def _digests(draft: Draft) -> dict[str, str]:
    """The skills that the request is served now, each with its version's digest."""
    assignment = draft.assignment
    return {use.name: assignment.variant.skills[use.name].digest for use in assignment.skills}
