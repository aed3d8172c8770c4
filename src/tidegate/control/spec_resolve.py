"""Resolving the skills of a spec: names and versions to digests, while the rollout starts."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Protocol

import msgspec

from tidegate.control.spec_node import Place, Problems
from tidegate.domain.rollout import SkillRef, Variant
from tidegate.domain.skill import ListedVersion, VersionState


class Pick(Protocol):
    """A skill as a spec names it; version 0 is the latest."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def place(self) -> Place: ...


def resolve_skills(
    rest: Variant, picks: Iterable[Pick], versions: Sequence[ListedVersion], problems: Problems
) -> Variant:
    """The variant with each pick pinned to a digest; what cannot be resolved becomes a problem."""
    found = [(pick, _resolve(pick, versions, problems)) for pick in picks]
    _refuse_unmet(found, problems)
    refs = [SkillRef(version.name, version.number, version.digest) for _, version in found if version]
    return msgspec.structs.replace(rest, skills=tuple(refs))


def _resolve(pick: Pick, versions: Sequence[ListedVersion], problems: Problems) -> ListedVersion | None:
    known = sorted((v for v in versions if v.name == pick.name), key=lambda v: v.number)
    if not known:
        problems.add(pick.place, _unknown_skill(pick.name, versions))
        return None
    if pick.version == 0:
        published = [v for v in known if v.state is VersionState.PUBLISHED]
        if not published:
            problems.add(pick.place, f"has no published version to be the latest; {_there_are(known)}")
        return published[-1] if published else None
    version = next((v for v in known if v.number == pick.version), None)
    if version is None:
        problems.add(pick.place, f"has no version {pick.version}; {_there_are(known)}")
    elif version.state not in (VersionState.PUBLISHED, VersionState.DEPRECATED):
        problems.add(pick.place, f"version {pick.version} is {version.state}; {_there_are(known)}")
        return None
    return version


def _refuse_unmet(found: Sequence[tuple[Pick, ListedVersion | None]], problems: Problems) -> None:
    """A skill without one that it requires would never be selected, and nobody would be told."""
    named = {pick.name for pick, _ in found}
    for pick, version in found:
        for required in version.manifest.requires if version else ():
            if required not in named:
                problems.add(
                    pick.place,
                    f"requires {required}, which these skills do not have, so that it would never be served; "
                    f"add `{required}: latest` beside it",
                )


def _unknown_skill(name: str, versions: Sequence[ListedVersion]) -> str:
    names = sorted({v.name for v in versions})
    near = get_close_matches(name, names, n=1)
    guess = f" (did you mean {near[0]!r}?)" if near else ""
    if not names:
        return "is no skill: none is published yet; publish it by `tidegate skill publish`"
    return f"is no skill{guess}; there are: {', '.join(names[:20])}{' …' if len(names) > 20 else ''}"


def _there_are(known: Sequence[ListedVersion]) -> str:
    listed = ", ".join(
        f"{v.number}" if v.state is VersionState.PUBLISHED else f"{v.number} ({v.state})" for v in known
    )
    return f"versions: {listed}"
