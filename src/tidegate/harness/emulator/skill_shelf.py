"""Custom skills of one workspace and their versions; nothing of it is seen from another workspace."""

from collections.abc import Callable

import msgspec

from tidegate.harness.emulator.refusal import Refusal
from tidegate.harness.emulator.skill_upload import Upload

BUILT_IN = ("pptx", "xlsx", "docx", "pdf")
BUILT_IN_VERSION = "20251013"


class ShelfVersion(msgspec.Struct, frozen=True):
    """One version: `id` since the API left beta, `epoch` (microseconds) by which the beta names it."""

    id: str
    epoch: str
    created_at: float
    upload: Upload


class ShelfSkill(msgspec.Struct):
    """One skill, its versions oldest first; `label` is its display name, or title in the beta."""

    id: str
    label: str
    name: str
    created_at: float
    updated_at: float
    versions: list[ShelfVersion]


class SkillShelf:
    """The custom skills of one workspace, by id."""

    def __init__(self, now: Callable[[], float], new_id: Callable[[str], str]) -> None:
        self.skills: dict[str, ShelfSkill] = {}
        self._now = now
        self._new_id = new_id
        self._latest_epoch = 0

    def create(self, upload: Upload, label: str | None, *, unique: bool) -> ShelfSkill:
        """A new skill with its first version; `unique` refuses a label that is taken, as the beta does."""
        label = label or upload.name
        if unique and any(skill.label == label for skill in self.skills.values()):
            raise Refusal(400, f"Skill cannot reuse an existing display_title: {label}")
        now = self._now()
        skill = ShelfSkill(self._new_id("skill_"), label, upload.name, now, now, [])
        self.skills[skill.id] = skill
        self.add_version(skill, upload)
        return skill

    def add_version(self, skill: ShelfSkill, upload: Upload) -> ShelfVersion:
        """A further version; its name must be the skill's."""
        if upload.name != skill.name:
            raise Refusal(400, f"SKILL.md name {upload.name!r} must match the skill's name {skill.name!r}")
        now = self._now()
        self._latest_epoch = max(int(now * 1_000_000), self._latest_epoch + 1)
        version = ShelfVersion(self._new_id("skver_"), str(self._latest_epoch), now, upload)
        skill.versions.append(version)
        skill.updated_at = now
        return version

    def skill(self, skill_id: str) -> ShelfSkill:
        """The skill of that id; raises Refusal (404)."""
        found = self.skills.get(skill_id)
        if found is None:
            raise Refusal(404, f"Skill not found: {skill_id}")
        return found

    def version(self, skill: ShelfSkill, name: str) -> ShelfVersion:
        """The version a reference names: by id, by epoch, or `latest`; raises Refusal (404)."""
        for version in reversed(skill.versions):
            if name in ("latest", version.id, version.epoch):
                return version
        raise Refusal(404, f"Skill version not found: {name}")
