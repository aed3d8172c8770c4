"""What is said of a skill beside its versions: how it is shown, labels, the default version."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import msgspec

from tidegate.domain.skill import ListedVersion, VersionState

SERVED = frozenset({VersionState.PUBLISHED, VersionState.DEPRECATED})
"""States of versions that may be served."""


class SkillCard(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`display_name` empty: the skill's name; `default` None: the latest version; `updated_at` in epoch
    seconds, 0 where nothing was said yet.
    """

    name: str
    display_name: str = ""
    labels: dict[str, str] = {}
    default: int | None = None
    updated_at: float = 0.0


class ShelfSkill(msgspec.Struct, frozen=True, kw_only=True):
    """A skill as it stands: its card and the versions that may be served, oldest first, at least one."""

    card: SkillCard
    versions: tuple[ListedVersion, ...]

    @property
    def name(self) -> str:
        return self.card.name

    @property
    def latest(self) -> ListedVersion:
        """The highest published version, else the highest deprecated one."""
        published = [each for each in self.versions if each.state is VersionState.PUBLISHED]
        return (published or self.versions)[-1]

    @property
    def default(self) -> ListedVersion:
        """The version that the card points to while it may be served, else the latest."""
        return next((each for each in self.versions if each.number == self.card.default), self.latest)

    @property
    def created_at(self) -> float:
        return self.versions[0].created_at

    @property
    def updated_at(self) -> float:
        return max(self.versions[-1].created_at, self.card.updated_at)


def shelve(versions: Sequence[ListedVersion], cards: Mapping[str, SkillCard]) -> Mapping[str, ShelfSkill]:
    """Every skill that has a version to serve, by name, the oldest first; `versions` come by number."""
    served: dict[str, list[ListedVersion]] = {}
    for version in versions:
        if version.state in SERVED:
            served.setdefault(version.name, []).append(version)
    skills = [
        ShelfSkill(card=cards.get(name) or SkillCard(name=name), versions=tuple(listed))
        for name, listed in served.items()
    ]
    skills.sort(key=lambda each: (each.created_at, each.name))
    return MappingProxyType({each.name: each for each in skills})
