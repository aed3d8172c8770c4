"""The Skills API (`/v1/skills`), in its present shapes and in those of the beta `skills-2025-10-02`.

Source: the SDK's types and the migration table of the skills guide (labels, versions, sources, pages, order,
deletion, upload layout).
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from tidegate.harness.emulator.multipart import FormPart, read_form
from tidegate.harness.emulator.refusal import Refusal
from tidegate.harness.emulator.skill_shelf import (
    BUILT_IN,
    BUILT_IN_VERSION,
    ShelfSkill,
    ShelfVersion,
    SkillShelf,
)
from tidegate.harness.emulator.skill_upload import read_upload

T = TypeVar("T")
Shown = dict[str, object]

_LABEL_BYTES = {True: 64, False: 255}


class SkillCall(msgspec.Struct, frozen=True):
    """One call below `/v1/skills`: `steps` of its path after that, and its query's last values."""

    method: str
    steps: tuple[str, ...]
    query: dict[str, str]
    content_type: str
    body: bytes
    beta: bool


def answer_skill_call(shelf: SkillShelf, call: SkillCall) -> Shown:
    """Do what a call asks of one workspace's skills; raises Refusal."""
    actions = _actions(call)
    if actions is None:
        raise Refusal(404, "Not found")
    action = actions.get(call.method)
    if action is None:
        raise Refusal(405, f"Method Not Allowed: this path takes {', '.join(sorted(actions))}")
    return action(shelf, call)


_Action = Callable[[SkillShelf, SkillCall], Shown]


def _actions(call: SkillCall) -> dict[str, _Action] | None:
    match call.steps:
        case ():
            return {"GET": _list, "POST": _create}
        case (_,):
            return {"GET": _retrieve, "DELETE": _delete}
        case (_, "versions"):
            return {"GET": _list_versions, "POST": _create_version}
        case (_, "versions", _):
            return {"GET": _retrieve_version, "DELETE": _delete_version}
        case _:
            return None


def _create(shelf: SkillShelf, call: SkillCall) -> Shown:
    parts = read_form(call.content_type, call.body)
    label = _label(parts, beta=call.beta)
    upload = read_upload(parts, nested=call.beta)
    return _shown(shelf.create(upload, label, unique=call.beta), beta=call.beta)


def _label(parts: Sequence[FormPart], *, beta: bool) -> str | None:
    field = "display_title" if beta else "display_name"
    given = next((part.content.decode("utf-8", "replace") for part in parts if part.name == field), None)
    if given is not None and not 1 <= len(given) <= _LABEL_BYTES[beta]:
        raise Refusal(400, f"{field}: String should have 1 to {_LABEL_BYTES[beta]} characters")
    return given


def _list(shelf: SkillShelf, call: SkillCall) -> Shown:
    source = call.query.get("source")
    if source not in (None, "custom", "anthropic"):
        raise Refusal(400, "source: Input should be 'custom' or 'anthropic'")
    shown = [
        (skill.id, _shown(skill, beta=call.beta))
        for skill in reversed(shelf.skills.values())
        if source != "anthropic" and skill.versions
    ]
    if source != "custom":
        shown += [(name, _built_in(name, beta=call.beta)) for name in BUILT_IN]
    return _page(shown, call)


def _retrieve(shelf: SkillShelf, call: SkillCall) -> Shown:
    if call.steps[0] in BUILT_IN:
        return _built_in(call.steps[0], beta=call.beta)
    skill = shelf.skill(call.steps[0])
    if not skill.versions and not call.beta:
        raise Refusal(400, f"Skill {skill.id} has no versions; upload one first")
    return _shown(skill, beta=call.beta)


def _delete(shelf: SkillShelf, call: SkillCall) -> Shown:
    skill = shelf.skill(call.steps[0])
    if call.beta and skill.versions:
        raise Refusal(400, "Cannot delete skill with existing versions. Delete all versions first.")
    del shelf.skills[skill.id]
    return {"id": skill.id, "type": "skill_deleted"}


def _create_version(shelf: SkillShelf, call: SkillCall) -> Shown:
    skill = shelf.skill(call.steps[0])
    upload = read_upload(read_form(call.content_type, call.body), nested=call.beta)
    return _shown_version(skill, shelf.add_version(skill, upload), beta=call.beta)


def _list_versions(shelf: SkillShelf, call: SkillCall) -> Shown:
    skill = shelf.skill(call.steps[0])
    ordered = skill.versions if call.beta else list(reversed(skill.versions))
    return _page([(one.id, _shown_version(skill, one, beta=call.beta)) for one in ordered], call)


def _retrieve_version(shelf: SkillShelf, call: SkillCall) -> Shown:
    skill = shelf.skill(call.steps[0])
    return _shown_version(skill, _named_version(shelf, skill, call), beta=call.beta)


def _delete_version(shelf: SkillShelf, call: SkillCall) -> Shown:
    skill = shelf.skill(call.steps[0])
    version = _named_version(shelf, skill, call)
    if not call.beta and len(skill.versions) == 1:
        raise Refusal(
            400, "Cannot delete the only version of a skill; upload another first, or delete the skill"
        )
    skill.versions.remove(version)
    # the beta gives back the name by which the version was addressed
    return {"id": version.epoch if call.beta else version.id, "type": "skill_version_deleted"}


def _named_version(shelf: SkillShelf, skill: ShelfSkill, call: SkillCall) -> ShelfVersion:
    """The version in a path: by epoch in the beta, else by id; `latest` only to look at."""
    name = call.steps[2]
    named = name.isdecimal() if call.beta else not name.isdecimal()
    if not named or (name == "latest" and call.method != "GET"):
        raise Refusal(404, f"Skill version not found: {name}")
    return shelf.version(skill, name)


def _page(shown: Sequence[tuple[str, Shown]], call: SkillCall) -> Shown:
    """One page; the cursor names the last item shown, and the shape it belongs to."""
    limit = _limit(call.query.get("limit", "20"))
    start = 0
    if "page" in call.query:
        after = _cursor(call.query["page"], beta=call.beta)
        start = next((place + 1 for place, (name, _) in enumerate(shown) if name == after), len(shown))
    page = shown[start : start + limit]
    more = start + limit < len(shown)
    following = _token(page[-1][0], beta=call.beta) if more else None
    rest: Shown = {"has_more": more, "next_page": following} if call.beta else {"next_page": following}
    return {"data": [item for _, item in page], **rest}


def _limit(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1000:
        raise Refusal(400, f"limit: {text!r} is not a number from 1 to 1000")
    return int(text)


def _token(last: str, *, beta: bool) -> str:
    return "page_" + urlsafe_b64encode(f"{int(beta)}{last}".encode()).decode()


def _cursor(token: str, *, beta: bool) -> str:
    try:
        text = urlsafe_b64decode(token.removeprefix("page_")).decode()
    except ValueError:
        text = ""
    if not text.startswith(str(int(beta))):
        raise Refusal(400, "page: Invalid page token")
    return text[1:]


def _shown(skill: ShelfSkill, *, beta: bool) -> Shown:
    latest = skill.versions[-1] if skill.versions else None
    common: Shown = {
        "id": skill.id,
        "type": "skill",
        "created_at": _time(skill.created_at),
        "updated_at": _time(skill.updated_at),
    }
    if beta:
        return common | {
            "display_title": skill.label,
            "latest_version": latest and latest.epoch,
            "source": "custom",
        }
    return common | {
        "display_name": skill.label,
        "latest_version_id": latest and latest.id,
        "source": {"type": "custom"},
    }


def _built_in(name: str, *, beta: bool) -> Shown:
    at = "2025-10-13T00:00:00.000000Z"
    common: Shown = {"id": name, "type": "skill", "created_at": at, "updated_at": at}
    if beta:
        return common | {
            "display_title": name,
            "latest_version": BUILT_IN_VERSION,
            "source": "anthropic",
        }
    return common | {
        "display_name": name,
        "latest_version_id": BUILT_IN_VERSION,
        "source": {"type": "anthropic"},
    }


def _shown_version(skill: ShelfSkill, version: ShelfVersion, *, beta: bool) -> Shown:
    shown: Shown = {
        "id": version.id,
        "type": "skill_version",
        "skill_id": skill.id,
        "name": skill.name,
        "description": version.upload.description,
        "created_at": _time(version.created_at),
    }
    return shown | {"version": version.epoch, "directory": skill.name} if beta else shown


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
