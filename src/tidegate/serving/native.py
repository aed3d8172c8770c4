"""Native skills: which of the selected ones a provider serves itself, and what the request says of them.

A native skill that the provider cannot be asked for goes into the request like a hosted one: it is served
either way, and the reason is counted.
"""

from collections.abc import Mapping, Sequence

import msgspec

from tidegate.domain.betas import SKILLS_BETA
from tidegate.domain.exchange import SkillUse
from tidegate.domain.selection import SKILLS_AT_MOST
from tidegate.domain.skill import ProviderVersion
from tidegate.ports import Header
from tidegate.serving.assign import Assignment
from tidegate.serving.request import TIDEGATE_SKILL
from tidegate.serving.upstreams import Endpoint

_BETA_HEADER = b"anthropic-beta"
_CODE_EXECUTION = "code_execution"


class NativeDialect(msgspec.Struct, frozen=True):
    """How a provider is asked: the code execution tool that skills run in, and the betas they need."""

    tool: bytes
    betas: tuple[bytes, ...] = ()


DIALECTS: Mapping[str, NativeDialect] = {
    "ga": NativeDialect(b'{"type":"code_execution_20260521","name":"code_execution"}'),
    "beta": NativeDialect(
        b'{"type":"code_execution_20250825","name":"code_execution"}',
        (b"code-execution-2025-08-25", SKILLS_BETA),
    ),
}
"""By the setting `native.dialect`; the newest tool each of them knows."""


class NativePlan(msgspec.Struct, frozen=True):
    """What goes to the provider: skills by `names` as container entries, a tool where the client has none.

    `results` says of each native skill what became of it: `native`, or why it is served hosted.
    """

    names: frozenset[str] = frozenset()
    entries: tuple[bytes, ...] = ()
    tool: bytes = b""
    betas: tuple[bytes, ...] = ()
    results: tuple[tuple[str, str], ...] = ()


NOTHING_NATIVE = NativePlan()


class _Tool(msgspec.Struct):
    type: str = ""
    name: str = ""


class _Choice(msgspec.Struct):
    type: str = "auto"


class _Skill(msgspec.Struct):
    skill_id: str = ""


class _Container(msgspec.Struct):
    skills: list[_Skill] | None = None


_TOOLS = msgspec.json.Decoder(list[_Tool] | None)
_CHOICE = msgspec.json.Decoder(_Choice | None)
_CONTAINER = msgspec.json.Decoder(_Container | str | None)
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])

Top = Mapping[str, msgspec.Raw | bytes]


def plan_native(
    top: Top, assignment: Assignment, endpoint: Endpoint, dialect: NativeDialect, headers: Sequence[Header]
) -> NativePlan:
    """Decide which of the assignment's skills the endpoint's provider serves; `top` is the request."""
    chosen = [use for use in assignment.skills if use.name in assignment.variant.natives]
    if not chosen:
        return NOTHING_NATIVE
    barred, has_tool = _tools_allow(top)
    room = SKILLS_AT_MOST - _own_skills(top)
    by_epoch = SKILLS_BETA in dialect.betas or SKILLS_BETA in _named_betas(headers)
    served: dict[str, bytes] = {}
    results: list[tuple[str, str]] = []
    for use in chosen:
        there = assignment.variant.skills[use.name].native.get((endpoint.name, endpoint.tenant))
        why = barred or _unserved(there, endpoint, room - len(served))
        results.append((use.name, why or "native"))
        if not why and there is not None:
            served[use.name] = _entry(there, by_epoch=by_epoch)
    return NativePlan(
        names=frozenset(served),
        entries=tuple(served.values()),
        tool=dialect.tool if served and not has_tool else b"",
        betas=dialect.betas if served else (),
        results=tuple(results),
    )


def _unserved(there: ProviderVersion | None, endpoint: Endpoint, room: int) -> str:
    """Why the provider does not serve a skill; empty where it does."""
    if there is None:
        return "own_workspace" if endpoint.own else "not_synced"
    return "" if room > 0 else "no_room"


def _tools_allow(top: Top) -> tuple[str, bool]:
    """What in the client's tools bars code execution, and whether it is among them."""
    try:
        choice = _CHOICE.decode(top.get("tool_choice", b"null"))
        if choice is not None and choice.type != "auto":
            return "tool_choice", False
        tools = _TOOLS.decode(top.get("tools", b"null"))
    except msgspec.ValidationError:
        return "tools", False  # the provider will say what is wrong with them
    if tools is None:
        return "", False
    if any(tool.type.startswith(f"{_CODE_EXECUTION}_") for tool in tools):
        return "", True
    return ("tools" if any(tool.name == _CODE_EXECUTION for tool in tools) else ""), False


def _own_skills(top: Top) -> int:
    """How many skills of the provider the client names for its container itself."""
    try:
        container = _CONTAINER.decode(top.get("container", b"null"))
    except msgspec.ValidationError:
        return 0
    named = container.skills or () if isinstance(container, _Container) else ()
    return sum(not skill.skill_id.startswith(TIDEGATE_SKILL) for skill in named)


def _entry(there: ProviderVersion, *, by_epoch: bool) -> bytes:
    named = (there.epoch or there.version_id) if by_epoch else (there.version_id or there.epoch)
    return b'{"type":"custom","skill_id":%s,"version":%s}' % (
        msgspec.json.encode(there.skill_id),
        msgspec.json.encode(named),
    )


def splice_native(top: dict[str, msgspec.Raw | bytes], plan: NativePlan, *, container: bool) -> None:
    """Put the plan into a request: its skills after the client's own, its tool after the client's tools.

    Without `container` the tool alone: what counts tokens knows no container.
    """
    if plan.tool:
        own = bytes(top.get("tools", b"null")).strip()
        inside = own[1:-1].strip() if own.startswith(b"[") else b""
        top["tools"] = b"[%s]" % b",".join(filter(None, (inside, plan.tool)))
    if container:
        top["container"] = _container(bytes(top.get("container", b"null")).strip(), plan.entries)


def _container(own: bytes, entries: Sequence[bytes]) -> bytes:
    """The client's container, by id or as an object, with the entries behind its own skills."""
    ours = b",".join(entries)
    if own == b"null":
        return b'{"skills":[%s]}' % ours
    if own.startswith(b'"'):
        return b'{"id":%s,"skills":[%s]}' % (own, ours)
    given = _OBJECT.decode(own)
    listed = bytes(given.get("skills", msgspec.Raw(b"null"))).strip()
    inside = listed[1:-1].strip() if listed.startswith(b"[") else b""
    skills = msgspec.Raw(b"[%s]" % b",".join(filter(None, (inside, ours))))
    return msgspec.json.encode({**given, "skills": skills})


def with_betas(headers: list[Header], betas: Sequence[bytes]) -> list[Header]:
    """The headers with these betas in the client's list, each named once."""
    if not betas:
        return headers
    named = list(dict.fromkeys([*_named_betas(headers), *betas]))
    rest = [header for header in headers if header[0] != _BETA_HEADER]
    return [*rest, (_BETA_HEADER, b",".join(named))]


def _named_betas(headers: Sequence[Header]) -> list[bytes]:
    return [
        name
        for header, value in headers
        if header == _BETA_HEADER
        for each in value.split(b",")
        if (name := each.strip())
    ]


def hosted_uses(assignment: Assignment, plan: NativePlan) -> tuple[SkillUse, ...]:
    """The skills that go into the request itself."""
    if not plan.names:
        return assignment.skills
    return tuple(use for use in assignment.skills if use.name not in plan.names)
