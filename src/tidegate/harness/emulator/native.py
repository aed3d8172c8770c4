"""The native side of a request: its container, the skills loaded there, and the code execution tool."""

from collections.abc import Callable, Sequence

import msgspec

from tidegate.harness.emulator.code_execution import CODE_EXECUTION, TOOL_VERSIONS
from tidegate.harness.emulator.containers import ContainerOut, Containers, LoadedSkill
from tidegate.harness.emulator.refusal import Refusal
from tidegate.harness.emulator.schema import (
    ChooseFreely,
    Container,
    MessagesRequest,
    Prompt,
    ServerPart,
    ServerTool,
    SkillReference,
)
from tidegate.harness.emulator.skill_shelf import BUILT_IN, BUILT_IN_VERSION, SkillShelf
from tidegate.harness.emulator.skill_upload import Upload
from tidegate.harness.emulator.validation import Dialect

SKILLS_BETA = "skills-2025-10-02"
CODE_BETAS = {
    "code_execution_20250522": "code-execution-2025-05-22",
    "code_execution_20250825": "code-execution-2025-08-25",
}
FILES_BETA = "files-api-2025-04-14"

MOST_SKILLS = 20
MOST_SKILLS_IN_BETA = 8


class NativePart(msgspec.Struct, frozen=True):
    """What a request asks of containers, checked: `runs` where code may run, the skills by their names."""

    container_id: str | None = None
    loaded: tuple[LoadedSkill, ...] = ()
    skills: dict[str, Upload] = {}
    runs: bool = False

    @property
    def described(self) -> list[str]:
        """The line of each skill in the system prompt, in the order of the request."""
        by_name = {name: upload.description for name, upload in self.skills.items()}
        plain = [
            f"{one.skill_id}: works with {one.skill_id} files" for one in self.loaded if one.type != "custom"
        ]
        return [f"{name}: {text}" for name, text in by_name.items()] + plain


NOT_NATIVE = NativePart()


class Native:
    """Skills and containers of one emulated provider; `only_beta`: one that knows them as betas alone."""

    def __init__(self, *, only_beta: bool, now: Callable[[], float], new_id: Callable[[str], str]) -> None:
        self.only_beta = only_beta
        self._containers = Containers(now, new_id)
        self._shelves: dict[str, SkillShelf] = {}
        self._now = now
        self._new_id = new_id

    def shelf(self, owner: str) -> SkillShelf:
        """The custom skills of a key's workspace."""
        return self._shelves.setdefault(owner, SkillShelf(self._now, self._new_id))

    def read(self, request: MessagesRequest, owner: str, dialect: Dialect) -> NativePart:
        """Check what a request says of containers; raises Refusal."""
        enabled = self.check_tools(request, dialect)
        given = request.container
        if given is None:
            return NativePart(runs=True) if enabled and _may_call(request) else NOT_NATIVE
        asked = given if isinstance(given, Container) else Container(id=given)
        if isinstance(given, Container) and self.only_beta and SKILLS_BETA not in dialect.betas:
            raise Refusal(400, "container: Input should be a valid string")
        if asked.id is not None:
            self._containers.check(owner, asked.id)
        loaded, skills = self._loaded(asked, owner, dialect, enabled=enabled)
        return NativePart(asked.id, loaded, skills, enabled and _may_call(request))

    def check_tools(self, prompt: Prompt, dialect: Dialect) -> bool:
        """Whether code execution is enabled; raises Refusal for a version that is not to be had."""
        enabled = False
        for place, tool in enumerate(prompt.tools or ()):
            if isinstance(tool, ServerTool) and tool.type.startswith(f"{CODE_EXECUTION}_"):
                self._check_tool(place, tool, dialect)
                enabled = True
        if self.only_beta and FILES_BETA not in dialect.betas and _uploads(prompt):
            raise Refusal(400, f"messages: `container_upload` needs the beta {FILES_BETA}")
        return enabled

    def use(self, part: NativePart, owner: str, *, ran: bool) -> ContainerOut | None:
        """The container of an answer; None where the request named none and no code ran."""
        if not ran and part.container_id is None and not part.loaded:
            return None
        return self._containers.use(owner, part.container_id, part.loaded)

    def _check_tool(self, place: int, tool: ServerTool, dialect: Dialect) -> None:
        wanted = CODE_BETAS.get(tool.type)
        unknown = tool.type not in TOOL_VERSIONS
        if unknown or (self.only_beta and (wanted is None or wanted not in dialect.betas)):
            raise Refusal(
                400,
                f"tools.{place}: Input tag '{tool.type}' found using 'type' does not match any of the"
                " expected tags",
            )
        if tool.name != CODE_EXECUTION:
            raise Refusal(400, f"tools.{place}.{tool.type}.name: Input should be '{CODE_EXECUTION}'")

    def _loaded(
        self, asked: Container, owner: str, dialect: Dialect, *, enabled: bool
    ) -> tuple[tuple[LoadedSkill, ...], dict[str, Upload]]:
        references = asked.skills or []
        most = MOST_SKILLS_IN_BETA if SKILLS_BETA in dialect.betas else MOST_SKILLS
        if len(references) > most:
            raise Refusal(
                400,
                f"container.skills: List should have at most {most} items after validation, not"
                f" {len(references)}",
            )
        if references and not enabled:
            raise Refusal(400, "container: skills can only be used when a code execution tool is enabled")
        return _resolved(references, self.shelf(owner))


def _resolved(
    references: Sequence[SkillReference], shelf: SkillShelf
) -> tuple[tuple[LoadedSkill, ...], dict[str, Upload]]:
    loaded: list[LoadedSkill] = []
    skills: dict[str, Upload] = {}
    for reference in references:
        named = reference.version or "latest"
        if reference.type == "anthropic":
            if reference.skill_id not in BUILT_IN:
                raise Refusal(404, f"Skill not found: {reference.skill_id}")
            resolved = BUILT_IN_VERSION if named == "latest" else named
        else:
            skill = shelf.skill(reference.skill_id)
            version = shelf.version(skill, named)
            skills[skill.name] = version.upload
            resolved = version.epoch if named == version.epoch else version.id
        loaded.append(LoadedSkill(reference.type, reference.skill_id, resolved))
    return tuple(loaded), skills


def _may_call(request: MessagesRequest) -> bool:
    """Whether the model may run code of its own accord."""
    return request.tool_choice is None or isinstance(request.tool_choice, ChooseFreely)


def _uploads(prompt: Prompt) -> bool:
    return any(
        isinstance(block, ServerPart) and block.type == "container_upload"
        for turn in prompt.messages
        if not isinstance(turn.content, str)
        for block in turn.content
    )
