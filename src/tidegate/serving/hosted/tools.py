"""The gateway's own tools: what a model is offered to read a skill's files and run its scripts."""

from collections.abc import Sequence

import msgspec

from tidegate.domain.errors import InvalidInput
from tidegate.serving.hosted.objects import Members
from tidegate.serving.variant import ServedSkill

READ = "tidegate_read_skill_file"
RUN = "tidegate_run_skill_script"
RESERVED = frozenset({READ, RUN})

_SKILL = {"type": "string", "description": "The skill's name, as in <skill name=…>."}

_READ_TOOL = msgspec.json.encode(
    {
        "name": READ,
        "description": "Reads one of the files that a <skill> lists. Use it when the skill's instructions "
        "point to a file. Answers with the file's text.",
        "input_schema": {
            "type": "object",
            "properties": {
                "skill": _SKILL,
                "path": {"type": "string", "description": "The file's path as the skill lists it."},
            },
            "required": ["skill", "path"],
        },
    }
)
_RUN_TOOL = msgspec.json.encode(
    {
        "name": RUN,
        "description": "Runs one of the scripts that a <skill> lists, without network, in a folder with the "
        "skill's files. Answers with its exit code, output and errors.",
        "input_schema": {
            "type": "object",
            "properties": {
                "skill": _SKILL,
                "script": {"type": "string", "description": "The script's path as the skill lists it."},
                "arguments": {"type": "array", "items": {"type": "string"}},
                "stdin": {"type": "string", "description": "What the script reads from standard input."},
            },
            "required": ["skill", "script"],
        },
    }
)
_BOTH_TOOLS = _READ_TOOL + b"," + _RUN_TOOL


_ESCAPED_ASCII = b"\\u00"
"""How the characters of a reserved name may be spelt in JSON, too."""


class _Choice(msgspec.Struct):
    type: str = ""


class _Function(msgspec.Struct):
    name: str = ""


class _Named(msgspec.Struct):
    """A tool's name, where either dialect has it."""

    name: str = ""
    function: _Function | None = None


_CHOICE: msgspec.json.Decoder[_Choice | None] = msgspec.json.Decoder(_Choice | None)
_TOOLS: msgspec.json.Decoder[list[_Named] | None] = msgspec.json.Decoder(list[_Named] | None)


def offered(skills: Sequence[ServedSkill], top: Members) -> bytes:
    """The tools for a request with these skills, as the inside of a list; empty where none is offered.

    They are offered only where the model is free to choose (`tool_choice` auto or absent); the same skills
    always give the same bytes.
    """
    read = [skill for skill in skills if skill.files]
    if not read:
        return b""
    if "tool_choice" in top and not _is_free(bytes(top["tool_choice"])):
        return b""
    return _BOTH_TOOLS if [skill for skill in read if skill.scripts] else _READ_TOOL


def _is_free(choice: bytes) -> bool:
    """Whether the model may choose; what is no choice at all is the upstream's to refuse."""
    try:
        said = _CHOICE.decode(choice)
    except msgspec.DecodeError:
        return False
    return said is None or said.type == "auto"


def with_tools(top: Members, tools: bytes) -> bytes:
    """The request's `tools` with the gateway's after the client's, whose bytes stay."""
    own = bytes(top.get("tools", b"null")).strip()
    inside = own[1:-1].strip() if own.startswith(b"[") else b""
    return b"[%s,%s]" % (inside, tools) if inside else b"[%s]" % tools


def runs_scripts(body: bytes) -> bool:
    """Whether a composed request offers the gateway's tool that runs scripts."""
    return _RUN_TOOL in body


def refuse_reserved(top: Members) -> None:
    """Raise InvalidInput for a client's tool that is named like one of the gateway's, used or not."""
    raw = bytes(top.get("tools", b""))
    if b'"tidegate_' not in raw and _ESCAPED_ASCII not in raw:
        return
    try:
        named: list[_Named] = _TOOLS.decode(raw) or []
    except msgspec.DecodeError:
        return  # the upstream words what is wrong with it
    for place, tool in enumerate(named):
        where, name = ("name", tool.name) if tool.function is None else ("function.name", tool.function.name)
        if name in RESERVED:
            raise InvalidInput(
                f"tools.{place}.{where}: {name} is a tool of this gateway's own; give yours another name"
            )
