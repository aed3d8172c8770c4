"""The last step in which each unit had an event of a kind: many entries, of which a look adds a few."""

from collections.abc import Mapping

import msgspec

Key = tuple[str, str]
"""Kind of event, and unit."""

NEVER = -1

_FEW = 1000


class Steps(msgspec.Struct, frozen=True, eq=False):
    """Two layers, so that adding a few entries copies few: `newer` goes first."""

    older: Mapping[Key, int] = {}
    newer: Mapping[Key, int] = {}

    def get(self, key: Key) -> int:
        """The entry, NEVER where there is none."""
        found = self.newer.get(key)
        return self.older.get(key, NEVER) if found is None else found

    def later(self, entries: Mapping[Key, int]) -> "Steps":
        """With these entries in place of their own."""
        newer = {**self.newer, **entries}
        if len(newer) <= max(_FEW, len(self.older) // 10):
            return Steps(self.older, newer)
        return Steps({**self.older, **newer})

    def whole(self) -> dict[Key, int]:
        """All entries."""
        return {**self.older, **self.newer}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Steps) and self.whole() == other.whole()

    __hash__ = None  # pyright: ignore[reportAssignmentType] (as any mapping, it has none)
