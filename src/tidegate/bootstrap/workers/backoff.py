"""How long to wait before a worker that died is started again."""

from dataclasses import dataclass

WELL_SECONDS = 10.0
"""Who served for so long before it died is started again at once: it was no fault of the start."""

FIRST_SECONDS = 0.5
LONGEST_SECONDS = 30.0

HOPELESS_STARTS = 5
"""So many starts in a row that came to nothing, while nobody serves, end the supervisor too."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """How often in a row a worker ended too soon."""

    failures: int = 0

    @property
    def seconds(self) -> float:
        """To wait before the next start: 0, then 0.5 s doubled each time, 30 s at most."""
        if self.failures == 0:
            return 0.0
        return min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** (self.failures - 1))

    def after(self, served_seconds: float) -> "Backoff":
        """After a worker ended that had served for so long (0: it never did)."""
        return Backoff() if served_seconds >= WELL_SECONDS else Backoff(self.failures + 1)
