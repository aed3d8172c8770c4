"""What the emulated model runs in its container: it reads the skills there, and runs what a directive asks.

A tool call that the provider runs itself is a `server_tool_use` block with its result block right after it.
"""

import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from tidegate.harness.emulator.schema import ServerPart, Turn
from tidegate.harness.emulator.skill_upload import SKILL_MD, Upload

CODE_EXECUTION = "code_execution"
TOOL_VERSIONS = (
    "code_execution_20250522",
    "code_execution_20250825",
    "code_execution_20260120",
    "code_execution_20260521",
)
_SKILL_FILE = re.compile(r"/skills/([^/]+)/(.+)")


class ServerToolUseOut(msgspec.Struct, frozen=True, tag="server_tool_use", tag_field="type"):
    """A call that the provider runs."""

    id: str
    name: str
    input: dict[str, object]


class BashResult(msgspec.Struct, frozen=True, tag="bash_code_execution_result", tag_field="type"):
    """What a command printed and returned."""

    stdout: str
    stderr: str
    return_code: int
    content: tuple[dict[str, str], ...] = ()


class BashResultOut(msgspec.Struct, frozen=True, tag="bash_code_execution_tool_result", tag_field="type"):
    """The result of a command."""

    tool_use_id: str
    content: BashResult


class ViewResult(msgspec.Struct, frozen=True, tag="text_editor_code_execution_view_result", tag_field="type"):
    """A file that was looked at."""

    content: str
    num_lines: int
    start_line: int
    total_lines: int
    file_type: str = "text"


class ViewResultOut(
    msgspec.Struct, frozen=True, tag="text_editor_code_execution_tool_result", tag_field="type"
):
    """The result of looking at a file."""

    tool_use_id: str
    content: ViewResult


ServerBlock = ServerToolUseOut | BashResultOut | ViewResultOut


def execute(
    turns: Sequence[Turn], commands: Sequence[str], skills: Mapping[str, Upload], new_id: Callable[[str], str]
) -> tuple[ServerBlock, ...]:
    """The blocks of one turn: each skill is read once in a conversation, then the commands run."""
    blocks: list[ServerBlock] = []
    if not _has_run(turns):
        for upload in skills.values():
            blocks.extend(_view(upload, new_id("srvtoolu_")))
    for command in commands:
        blocks.extend(_bash(command, skills, new_id))
    return tuple(blocks)


def _has_run(turns: Sequence[Turn]) -> bool:
    return any(
        isinstance(block, ServerPart) and block.type == "server_tool_use"
        for turn in turns
        if not isinstance(turn.content, str)
        for block in turn.content
    )


def _view(upload: Upload, call_id: str) -> Iterator[ServerBlock]:
    text = upload.files[SKILL_MD].decode("utf-8", "replace")
    lines = text.count("\n") + 1
    asked: dict[str, object] = {"command": "view", "path": f"/skills/{upload.name}/{SKILL_MD}"}
    yield ServerToolUseOut(call_id, "text_editor_code_execution", asked)
    yield ViewResultOut(call_id, ViewResult(text, lines, 1, lines))


def _bash(command: str, skills: Mapping[str, Upload], new_id: Callable[[str], str]) -> Iterator[ServerBlock]:
    call_id = new_id("srvtoolu_")
    yield ServerToolUseOut(call_id, "bash_code_execution", {"command": command})
    yield BashResultOut(call_id, _run(command, skills, new_id))


def _run(command: str, skills: Mapping[str, Upload], new_id: Callable[[str], str]) -> BashResult:
    """`echo WORDS`, `cat /skills/NAME/FILE` and `exit CODE` do what they do, `touch NAME` leaves a file as a
    result; nothing else is known.
    """
    try:
        name, *words = shlex.split(command)
    except ValueError as problem:
        return BashResult("", f"bash: {problem}\n", 2)
    if name == "echo":
        return BashResult(" ".join(words) + "\n", "", 0)
    if name == "touch" and len(words) == 1:
        left = {"type": "bash_code_execution_output", "file_id": new_id("file_")}
        return BashResult("", "", 0, (left,))
    if name == "exit" and len(words) == 1 and words[0].isdecimal():
        return BashResult("", "", int(words[0]) % 256)
    if name == "cat" and len(words) == 1:
        content = _file(words[0], skills)
        if content is None:
            return BashResult("", f"cat: {words[0]}: No such file or directory\n", 1)
        return BashResult(content.decode("utf-8", "replace"), "", 0)
    return BashResult("", f"bash: {name}: command not found\n", 127)


def _file(path: str, skills: Mapping[str, Upload]) -> bytes | None:
    found = _SKILL_FILE.fullmatch(path)
    upload = skills.get(found[1]) if found else None
    return upload.files.get(found[2]) if found and upload else None
