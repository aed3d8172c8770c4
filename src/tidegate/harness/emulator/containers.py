"""Containers of the code execution tool: each belongs to one workspace, lives 30 days, and is reused by id.

`expires_at` in answers is a shorter value that moves on with each use, as the API's guide says.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import msgspec

from tidegate.harness.emulator.refusal import Refusal

LIFETIME_SECONDS = 30 * 86_400.0
IDLE_SECONDS = 300.0
CAPACITY = 10_000
"""Containers kept at most; the one used longest ago goes first."""


class LoadedSkill(msgspec.Struct, frozen=True):
    """A skill in a container, its version resolved."""

    type: str
    skill_id: str
    version: str


class ContainerOut(msgspec.Struct, frozen=True):
    """What an answer says of the container it used."""

    id: str
    expires_at: str
    skills: tuple[LoadedSkill, ...] | None = None


class _Container(msgspec.Struct):
    owner: str
    created_at: float


class Containers:
    """The containers of all workspaces."""

    def __init__(self, now: Callable[[], float], new_id: Callable[[str], str]) -> None:
        self._now = now
        self._new_id = new_id
        self._known: OrderedDict[str, _Container] = OrderedDict()

    def check(self, owner: str, container_id: str) -> None:
        """Raises Refusal (404) for an id that is none of this workspace's, (400) for one that has expired."""
        known = self._known.get(container_id)
        if known is None or known.owner != owner:
            raise Refusal(404, f"container: Container '{container_id}' not found")
        if known.created_at + LIFETIME_SECONDS <= self._now():
            raise Refusal(400, f"container: Container '{container_id}' has expired")

    def use(self, owner: str, container_id: str | None, skills: Sequence[LoadedSkill]) -> ContainerOut:
        """The container of that id, or a new one; checked before."""
        now = self._now()
        name = container_id or self._new_id("container_")
        self._known.setdefault(name, _Container(owner, now))
        self._known.move_to_end(name)
        if len(self._known) > CAPACITY:
            self._known.popitem(last=False)
        expires = datetime.fromtimestamp(now + IDLE_SECONDS, UTC).isoformat(timespec="microseconds")
        return ContainerOut(name, expires.replace("+00:00", "Z"), tuple(skills) or None)
