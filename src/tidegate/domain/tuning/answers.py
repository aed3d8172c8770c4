"""What a variant's answers were like, as sums: what settings are proposed from."""

from collections.abc import Mapping

import msgspec


class Tuned(msgspec.Struct, frozen=True, kw_only=True):
    """Whose answers: those of a rollout's candidate in an attempt that came in [since, until), epoch seconds.

    Once it is complete everybody in its scope has the candidate, outside any rollout: `standing_since` then,
    None where that is not so.
    `skill` narrows to answers with that skill. `without`: skills whose package has a shorter timeout of
    its own; answers with them say nothing of the variant's.
    """

    since: float
    until: float
    rollout: str
    attempt: int
    standing_since: float | None = None
    tenants: tuple[str, ...] = ("*",)
    tasks: tuple[str, ...] = ("*",)
    skill: str | None = None
    without: tuple[str, ...] = ()
    kept_seconds: float | None = None
    """How long the variant's answers are kept; None: not at all."""


class Waits(msgspec.Struct, frozen=True):
    """Milliseconds until the first content of answers with skills, rounded, to how many there were; and how
    many were cut by the timeout. Where nothing was streamed, the first content is the whole answer.
    """

    good: Mapping[int, int] = {}
    cut: int = 0


class Band(msgspec.Struct, frozen=True):
    """Votes on answers to requests for which words chose a skill with a score of so many tenths.

    `served` with it, or by control, which would have got it.
    """

    served: bool
    tenths: int
    up: int
    down: int


class Reuses(msgspec.Struct, frozen=True, kw_only=True):
    """Look-ups in the result cache, and how many would have been given again by how long answers are kept.

    `keyless` were looked up before their keys were on record; `given` were given again; `asked_usd` is what
    `asked` priced ones cost that were not.
    """

    lookups: int = 0
    keyless: int = 0
    given: int = 0
    asked: int = 0
    asked_usd: float = 0.0
    first_at: float = 0.0
    hits: Mapping[int, int] = {}
    """By seconds."""


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """All of it; `requests` are all of the variant's."""

    requests: int = 0
    waits: Waits = Waits()
    bands: tuple[Band, ...] = ()
    reuses: Reuses = Reuses()
