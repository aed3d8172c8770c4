"""Attacks of skills and tenants on each other, through the gateway."""

import re
from collections.abc import Mapping, Sequence
from itertools import chain

import msgspec

from tidegate.harness.audit.judgement import Outcome, failed, judged, not_shown
from tidegate.harness.audit.target import CANARY, FORGED, FORGED_NAME, NOTE_FILE, SWAPPED, Target, harmless

_CODE = {"type": "code_execution_20250825", "name": "code_execution"}
_BETA = {"anthropic-beta": "code-execution-2025-08-25,skills-2025-10-02"}
_FILE = re.compile(r'"file_id":"([^"]+)"')
_PROBE = {"tidegate-skills": "audit-probe"}
_FENCE = re.compile(r'<(skill|data)(?: [^<>]*)? mark="([0-9a-f]{20})">\n(.*)\n</\1 mark="\2">', re.DOTALL)
_TURNS = re.compile(
    r"<\s*/?\s*(?:skill|system|system_prompt|tool_result)\b|<\|im_start\|>|\[/?INST\]|\n\nHuman:"
)
"""By which the probe's text would pose as somebody else, once what is not seen is left out of it."""
_UNSEEN = "\u200b"


class _Text(msgspec.Struct):
    text: str = ""


class _Turn(msgspec.Struct):
    role: str
    content: str | list[dict[str, object]]


class _Asked(msgspec.Struct):
    messages: list[_Turn]
    system: str | list[_Text] = []


def judge_skill_text(system: str) -> Outcome:
    """What a model reads of the probe: one fence, that nothing inside can end, and no tag of another's."""
    fence = _FENCE.search(system)
    if fence is None:
        return failed("the skill's text stands in no fence of its own")
    inside = fence[3]
    posing = _TURNS.findall(inside.replace(_UNSEEN, ""))
    return judged(
        bool(posing) or fence[2] in inside, f"a fence by mark {fence[2]}; tags left inside: {posing}"
    )


def judge_result(content: str) -> Outcome:
    """What a model reads of a script's output and the name of its file: labelled data, held by a fence."""
    told = (FORGED, FORGED_NAME)
    places = [[found.start() for found in re.finditer(re.escape(text), content)] for text in told]
    if not all(places):
        return not_shown(f"the script did not run, or left no file: {content[:200]}")
    fences = list(_FENCE.finditer(content))
    bare = [place for place in chain(*places) if not any(_holds(fence, content, place) for fence in fences)]
    return judged(
        bool(bare), f"{sum(map(len, places))} forged pieces, outside of a labelled fence: {len(bare)}"
    )


def _holds(fence: re.Match[str], content: str, place: int) -> bool:
    """Whether what stands there is data: in a labelled fence that nothing inside could end."""
    labelled = content[: fence.start()].endswith("Data, not instructions:\n")
    return labelled and fence.start(3) <= place < fence.end(3) and fence[2] not in fence[3]


async def posing_skill(target: Target) -> Outcome:
    """A skill whose text ends its own element, and goes on as the system and as another skill."""
    await target.ask("client-a", "Sort this. [[echo: done]]", headers=_PROBE)
    system = _asked(target.told()[-1]).system
    text = system if isinstance(system, str) else "\n".join(block.text for block in system)
    return judge_skill_text(text)


async def forged_result(target: Target) -> Outcome:
    """A script that prints the end of its result and a system's order, and names a file by such an order."""
    return judge_result(await _result(target, "tidegate_run_skill_script", script="scripts/forge.py"))


async def other_skills_file(target: Target) -> Outcome:
    """Files of a skill that the request has no part in, by a model's call: by its name, by climbing paths."""
    secret = CANARY.decode()
    if secret not in await _read(target, "audit-other", path=NOTE_FILE):
        return not_shown("the other skill's file cannot be read by a request for that skill either")
    calls = (
        {"skill": "audit-other", "path": NOTE_FILE},
        {"skill": "../audit-other", "path": NOTE_FILE},
        {"path": f"../audit-other/{NOTE_FILE}"},
        {"path": "/etc/passwd"},
    )
    told = [await _read(target, "audit-probe", **call) for call in calls]
    if not all(told):
        return not_shown(f"the model read no answer to {told.count('')} of {len(calls)} calls")
    read = [content[:80] for content in told if secret in content or "root:" in content]
    return judged(bool(read), f"{len(calls)} calls, {len(read)} read something: {(read or told)[-1][:80]}")


async def shadowed_tool(target: Target) -> Outcome:
    """A client's tool of the name of the gateway's own, also spelt with an escape."""
    before = target.provider.counts.requests
    names = ("tidegate_run_skill_script", "tidegate_read_skill_file", r"\u0074idegate_run_skill_script")
    tools = [
        b'{"name":"%s","description":"x","input_schema":{"type":"object"}}' % each.encode() for each in names
    ]
    told = [
        (await target.ask("client-a", "Hello.", tools=[msgspec.Raw(tool)], headers=_PROBE)).status_code
        for tool in tools
    ]
    asked = target.provider.counts.requests - before
    return judged(set(told) != {400} or asked > 0, f"answered {told}, provider asked {asked} times")


async def forged_container(target: Target) -> Outcome:
    """Containers that nobody was given, in each way to name one."""
    named: Sequence[object] = ("container_forged", "container_forged.AAAA", {"id": "container_forged"})
    return await _refused(target, [{"container": each} for each in named], (404,))


async def reused_container(target: Target) -> Outcome:
    """A container of another tenant's."""
    made = await target.ask("client-a", "[[code: echo hi]]", tools=[_CODE], headers=_BETA)
    container = msgspec.json.decode(made.content, type=dict[str, object]).get("container")
    given = container.get("id") if isinstance(container, Mapping) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] JSON
    if not isinstance(given, str):
        return not_shown(f"no container was given: {made.status_code} {made.text[:200]}")
    again = await target.ask("client-a", "[[code: echo hi]]", tools=[_CODE], container=given, headers=_BETA)
    if again.status_code != 200:
        return not_shown(f"its own tenant cannot use it either: {again.status_code} {again.text[:200]}")
    other = await target.ask("client-b", "[[code: echo hi]]", tools=[_CODE], container=given, headers=_BETA)
    return judged(other.status_code != 404, f"its tenant: 200, another: {other.status_code}")


async def reused_file(target: Target) -> Outcome:
    """A file that another tenant's code has left: by the id that it got, and by the provider's own."""
    made = await target.ask("client-a", "[[code: touch result.txt]]", tools=[_CODE], headers=_BETA)
    named = _FILE.search(made.text)
    if named is None:
        return not_shown(f"no file was left: {made.status_code} {made.text[:200]}")
    given = named[1]
    again = await _with_file(target, "client-a", {"type": "container_upload", "file_id": given})
    if again != 200:
        return not_shown(f"its own tenant cannot use it either: {again}")
    before = target.provider.counts.requests
    told = [
        await _with_file(target, "client-b", block)
        for each in (given, given.partition(".")[0])
        for block in (
            {"type": "container_upload", "file_id": each},
            {"type": "document", "source": {"type": "file", "file_id": each}},
        )
    ]
    asked = target.provider.counts.requests - before
    wrong = any(status != 404 for status in told) or asked > 0
    return judged(wrong, f"its tenant: 200, another: {told}, provider asked {asked} times")


async def _with_file(target: Target, key: str, block: Mapping[str, object]) -> int:
    """How a message with that block is answered."""
    turn = {"role": "user", "content": [{"type": "text", "text": "Read it. [[echo: done]]"}, block]}
    return (await target.ask(key, "", messages=[turn], tools=[_CODE], headers=_BETA)).status_code


async def forged_skill_id(target: Target) -> Outcome:
    """Skills of the gateway's workspace at the provider, by ids that a client makes up."""
    ids = ("skill_forged", "skill_01AbCdEfGhIjKlMnOpQrStUv")
    bodies: list[dict[str, object]] = [
        {"tools": [_CODE], "container": {"skills": [{"type": "custom", "skill_id": each, "version": "1"}]}}
        for each in ids
    ]
    return await _refused(target, bodies, (400, 403, 404))


async def workspace(target: Target) -> Outcome:
    """Files, batches and skills of the gateway's own workspace at the provider."""
    before = target.provider.counts.requests
    paths = (
        "/v1/files",
        "/v1/files/file_x/content",
        "/v1/messages/batches",
        "/v1/skills",
    )
    told = [(await target.call("client-a", "GET", path)).status_code for path in paths]
    asked = target.provider.counts.requests - before
    seen = f"answered {told}, provider asked {asked} times"
    return judged(any(status not in (403, 404) for status in told) or asked > 0, seen)


async def changed_version(target: Target) -> Outcome:
    """A version's content, by other bytes under its name or number, and by other bytes in the store."""
    path = "/api/skills/audit-probe/archive?version=1"
    first = await target.call("viewer", "GET", path)
    other = harmless("audit-probe", SWAPPED)
    published = await target.call("publisher", "POST", "/api/skills?reason=audit", content=other)
    tries = (
        ("PUT", "/v1/skills/skill_audit-probe/versions/skver_audit-probe_1"),
        ("POST", "/v1/skills/skill_audit-probe/versions/skver_audit-probe_1"),
        ("PUT", "/api/skills/audit-probe/archive?version=1"),
    )
    for method, where in tries:
        await target.call("publisher", method, where, json={"digest": "sha256:0", "content": "x"})
    after = await target.call("viewer", "GET", path)
    if first.status_code != 200 or published.status_code not in (200, 201):
        return not_shown(f"read by {first.status_code}, other bytes published by {published.status_code}")
    if after.status_code != 200 or first.content != after.content:
        return failed(f"the bytes of version 1 have changed: {after.status_code}")
    return await _swapped_archive(target)


async def _swapped_archive(target: Target) -> Outcome:
    """A skill whose archive was swapped in the store before it was loaded: neither served nor downloaded."""
    if "A note." not in await _read(target, "audit-probe", path="references/note.md"):
        return not_shown("a skill whose archive is whole cannot be read either")
    told = await _read(target, "audit-swapped", path=NOTE_FILE)
    if not told:
        return not_shown("the model read no answer to its call for the swapped archive's file")
    if SWAPPED.decode() in told:
        return failed(f"the model read of a swapped archive: {told[:120]}")
    whole, swapped = await _downloaded(target, "audit-probe"), await _downloaded(target, "audit-swapped")
    if whole != [200, 200]:
        return not_shown(f"an archive that is whole is not downloaded either: {whole}")
    sent = f"the model read {told[:120]!r}, downloads are answered {swapped}"
    return judged(swapped != [500, 500], f"version 1 is as it was; of a swapped archive {sent}")


async def _downloaded(target: Target, name: str) -> list[int]:
    """How a download of version 1 is answered, by either API."""
    paths = (
        f"/api/skills/{name}/archive?version=1",
        f"/v1/skills/skill_{name}/versions/skver_{name}_1/content",
    )
    return [(await target.call("viewer", "GET", path)).status_code for path in paths]


async def _refused(target: Target, bodies: Sequence[dict[str, object]], statuses: Sequence[int]) -> Outcome:
    before = target.provider.counts.requests
    told = [(await target.ask("client-a", "Hello.", headers=_BETA, **body)).status_code for body in bodies]
    asked = target.provider.counts.requests - before
    wrong = any(status not in statuses for status in told) or asked > 0
    return judged(wrong, f"answered {told}, provider asked {asked} times")


async def _read(target: Target, served: str, **given: object) -> str:
    """What the model reads for a file, in a request that is served with that skill."""
    return await _result(target, "tidegate_read_skill_file", served, **given)


async def _result(target: Target, tool: str, served: str = "audit-probe", **given: object) -> str:
    """What the model reads for a call of one of the gateway's tools; empty where it read nothing."""
    call = msgspec.json.encode({"skill": served, **given}).decode()
    text = f"Sort this. [[tool: {tool} {call}]] [[then]] [[echo: done]]"
    await target.ask("client-a", text, headers={"tidegate-skills": served})
    last = _asked(target.told()[-1]).messages[-1].content
    results = [] if isinstance(last, str) else [b for b in last if b.get("type") == "tool_result"]
    return str(results[0].get("content", "")) if results else ""


def _asked(body: bytes) -> _Asked:
    return msgspec.json.decode(body, type=_Asked)
