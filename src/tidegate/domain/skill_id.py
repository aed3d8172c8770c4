"""How the Skills API names skills and versions: ids that are made of name and number, and read back.

A skill's name has no `_`, so that no id is two skills'. The beta `skills-2025-10-02` names a version by an
epoch: its time in milliseconds, and its number in three further digits, so that no two are the same.
"""

import re
from collections.abc import Iterable

from tidegate.domain.skill import ListedVersion

_SKILL = re.compile(r"skill_([a-z0-9-]{1,64})")


def skill_id(name: str) -> str:
    """`skill_NAME`."""
    return f"skill_{name}"


def name_of(given: str) -> str | None:
    """The name in a skill's id; None for what is no id."""
    found = _SKILL.fullmatch(given)
    return found[1] if found else None


def version_id(version: ListedVersion) -> str:
    """`skver_NAME_NUMBER`."""
    return f"skver_{version.name}_{version.number}"


def epoch_of(version: ListedVersion) -> str:
    """Digits that look like microseconds since 1970 and grow from version to version."""
    return str(int(version.created_at * 1_000) * 1_000 + version.number % 1_000)


def named(versions: Iterable[ListedVersion], given: str) -> ListedVersion | None:
    """The version of that id or epoch."""
    return next((each for each in versions if given in (version_id(each), epoch_of(each))), None)
