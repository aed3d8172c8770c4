"""Skills and versions as the Skills API shows them, in its present shapes and in those of the beta.

What Anthropic's API does not have (number, digest, state, labels, the default version) is under `tidegate`:
its SDKs keep fields that they do not know.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import cast

from tidegate.domain.skill import ListedVersion
from tidegate.domain.skill_card import ShelfSkill
from tidegate.domain.skill_id import epoch_of, skill_id, version_id
from tidegate.registry.scan.found import Found
from tidegate.web.skills_api.pages import Shown


def shown_skill(skill: ShelfSkill, *, beta: bool) -> Shown:
    """One skill."""
    label = skill.card.display_name or skill.name
    common: Shown = {
        "id": skill_id(skill.name),
        "type": "skill",
        "created_at": _time(skill.created_at),
        "updated_at": _time(skill.updated_at),
        "tidegate": {
            "name": skill.name,
            "labels": skill.card.labels,
            "default_version": _name(skill.default, beta=beta),
            "description": skill.latest.manifest.description,
        },
    }
    latest = _name(skill.latest, beta=beta)
    if beta:
        return common | {"display_title": label, "latest_version": latest, "source": "custom"}
    return common | {"display_name": label, "latest_version_id": latest, "source": {"type": "custom"}}


def shown_version(version: ListedVersion, *, beta: bool) -> Shown:
    """One version of a skill."""
    shown: Shown = {
        "id": version_id(version),
        "type": "skill_version",
        "skill_id": skill_id(version.name),
        "name": version.name,
        "description": version.manifest.description,
        "created_at": _time(version.created_at),
        "tidegate": {
            "number": version.number,
            "digest": version.digest,
            "state": version.state.value,
            "mode": version.manifest.mode,
            "created_by": version.created_by,
        },
    }
    return shown | {"version": epoch_of(version), "directory": version.name} if beta else shown


def with_opinion(shown: Shown, opinion: Sequence[Found] | None) -> Shown:
    """What has just been published, with what a second scanner found where one was asked."""
    if opinion is None:
        return shown
    own = cast("dict[str, object]", shown["tidegate"])
    return shown | {"tidegate": own | {"second_opinion": [each.document() for each in opinion]}}


def deleted_skill(name: str) -> Shown:
    """What is left of a skill."""
    return {"id": skill_id(name), "type": "skill_deleted"}


def deleted_version(version: ListedVersion, *, beta: bool) -> Shown:
    """What is left of a version: the name by which each shape addresses it."""
    return {"id": _name(version, beta=beta), "type": "skill_version_deleted"}


def _name(version: ListedVersion, *, beta: bool) -> str:
    return epoch_of(version) if beta else version_id(version)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
