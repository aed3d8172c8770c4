"""Composing: the request that goes upstream, spliced from the client's own bytes."""

from collections.abc import Mapping, Sequence

import msgspec

from tidegate.domain.errors import InvalidInput
from tidegate.domain.exchange import SkillUse
from tidegate.domain.raw_json import encoded
from tidegate.serving.assign import Assignment
from tidegate.serving.breakpoints import own_breakpoint
from tidegate.serving.hosted.tools import with_tools
from tidegate.serving.native import NOTHING_NATIVE, NativePlan, hosted_uses, splice_native
from tidegate.serving.request import TIDEGATE_SKILL, MessagesRequest

Top = Mapping[str, msgspec.Raw | bytes]


def plain_body(request: MessagesRequest) -> bytes:
    """The client's own request: byte for byte, but for `tidegate:` entries that no upstream would take."""
    if not request.named:
        return request.raw
    return encoded(_without_named(request.top))


def plain_body_for(request: MessagesRequest, model: str) -> bytes:
    """The client's own request for another model; every other key keeps its bytes and its place."""
    top = _without_named(request.top) if request.named else request.top
    return encoded({**top, "model": msgspec.json.encode(model)})


def composed_body(
    request: MessagesRequest,
    assignment: Assignment,
    native: NativePlan = NOTHING_NATIVE,
    *,
    counting: bool = False,
    tools: bytes = b"",
) -> bytes:
    """The request with the assignment's skills and model; every other key keeps its bytes and its place.

    Skills of the plan `native` are named for the provider, the others are put in. `counting`: the request
    only counts tokens; `tools` are the gateway's own. Raises InvalidInput where the client's `system` is
    neither a string nor a list.
    """
    top: dict[str, msgspec.Raw | bytes] = dict(_without_named(request.top) if request.named else request.top)
    if assignment.model is not None:
        top["model"] = msgspec.json.encode(assignment.model)
    if assignment.skills:
        replaces = assignment.variant.replace_system and not assignment.reduced
        hosted = hosted_uses(assignment, native)
        if hosted:
            system = b"" if replaces else _own_blocks(request.top)
            blocks = _skill_blocks(request, assignment, hosted, replaces)
            top["system"] = b"[%s]" % b",".join(filter(None, (system, blocks)))
        elif replaces:
            top.pop("system", None)
        if native.names:
            splice_native(top, native, container=not counting)
    if tools:
        top["tools"] = with_tools(top, tools)
    return encoded(top)


def _skill_blocks(
    request: MessagesRequest, assignment: Assignment, uses: Sequence[SkillUse], replaces: bool
) -> bytes:
    """The skills' blocks in selection order; the last carries our cache breakpoint where there is room."""
    blocks = [assignment.variant.skills[use.name].block for use in uses]
    last = own_breakpoint(request.raw, request.top, without_system=replaces)
    return b"},".join(blocks) + last + b"}"


def _own_blocks(top: Top) -> bytes:
    """The client's system prompt as the inside of a list of blocks; empty where there is none."""
    raw = bytes(top.get("system", b"null")).strip()
    if raw.startswith(b"["):
        return raw[1:-1].strip()
    if raw.startswith(b'"'):
        return b"" if raw == b'""' else b'{"type":"text","text":%s}' % raw
    if raw == b"null":
        return b""
    raise InvalidInput("system: must be a string or a list of text blocks")


def _without_named(top: Top) -> dict[str, msgspec.Raw | bytes]:
    """The top level less the skills of this gateway; a container left with nothing goes too."""
    container = msgspec.json.decode(top["container"], type=dict[str, msgspec.Raw])
    skills = msgspec.json.decode(container["skills"], type=list[msgspec.Raw])
    kept = [bytes(skill) for skill in skills if not _is_ours(skill)]
    rest: dict[str, msgspec.Raw | bytes] = {**container, "skills": b"[%s]" % b",".join(kept)}
    if not kept:
        del rest["skills"]
    stripped = {key: encoded(rest) if key == "container" else value for key, value in top.items()}
    if not rest:
        del stripped["container"]
    return stripped


class _SkillId(msgspec.Struct):
    skill_id: str = ""


def _is_ours(skill: msgspec.Raw) -> bool:
    return msgspec.json.decode(skill, type=_SkillId).skill_id.startswith(TIDEGATE_SKILL)
