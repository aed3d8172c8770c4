"""Attacks of one tenant on what is kept for another: cached answers, sealed calls, their results."""

import re
import secrets

import msgspec

from tidegate.harness.audit.judgement import Outcome, judged, not_shown
from tidegate.harness.audit.target import CACHED_TASK, STAMP, STAMP_FILE, Target

_CACHED = {"tidegate-task": CACHED_TASK}
_PROBE = {"tidegate-skills": "audit-probe"}
_OWN_TOOL = {"name": "audit_own_tool", "description": "x", "input_schema": {"type": "object"}}
_STAMPED = re.compile(STAMP + r" (\d+)")

Turns = list[dict[str, object]]


class _Block(msgspec.Struct):
    type: str = ""
    id: str = ""


class _Answer(msgspec.Struct):
    content: list[msgspec.Raw] = []


async def cached_answer(target: Target) -> Outcome:
    """An answer that is kept for one tenant, by the same request of another."""
    text = f"Name {secrets.token_hex(8)}. [[echo: kept]]"
    asked: list[int] = []
    for key in ("client-a", "client-a", "client-b"):
        before = target.provider.counts.requests
        answer = await target.ask(key, text, headers=_CACHED)
        if answer.status_code != 200:
            return not_shown(f"{key} is answered {answer.status_code} {answer.text[:200]}")
        asked.append(target.provider.counts.requests - before)
    first, again, other = asked
    if (first, again) != (1, 0):
        return not_shown(
            f"its own tenant's answer is not kept: the provider was asked {first} + {again} times"
        )
    return judged(other == 0, f"kept for its tenant; by another, the provider was asked {other} times")


async def sealed_result(target: Target) -> Outcome:
    """A script's result that another tenant's conversation keeps: by its seal, and by the same call."""
    of_a = await _mixed_turn(target, "client-a")
    first = await _stamp(target, "client-a", of_a)
    if not first or await _stamp(target, "client-a", of_a) != first:
        return not_shown(f"its own tenant does not get its result again either: {first or 'none'}")
    of_b = await _mixed_turn(
        target, "client-b"
    )  # first: a conversation that begins in its midst gets no skill
    stolen, own = await _stamp(target, "client-b", of_a), await _stamp(target, "client-b", of_b)
    if not own:
        return not_shown("the other tenant's own sealed call is not answered either")
    seen = (
        f"by its seal: {stolen or 'left out'}; by the same call: {'its' if own == first else 'a new'} result"
    )
    return judged(bool(stolen) or own == first, seen)


async def _mixed_turn(target: Target, key: str) -> Turns:
    """A conversation in which the model has called a script and a tool of the client's, with its result."""
    call = msgspec.json.encode({"skill": "audit-probe", "script": STAMP_FILE}).decode()
    text = (
        f"Sort this. [[tool: tidegate_run_skill_script {call}]][[tool: audit_own_tool {{}}]] "
        "[[then]] [[echo: done]]"
    )
    got = await target.ask(key, text, tools=[_OWN_TOOL], headers=_PROBE)
    said = msgspec.json.decode(got.content, type=_Answer).content
    blocks = [msgspec.json.decode(each, type=_Block) for each in said]
    results = [
        {"type": "tool_result", "tool_use_id": block.id, "content": "done"}
        for block in blocks
        if block.type == "tool_use"
    ]
    return [
        {"role": "user", "content": text},
        {"role": "assistant", "content": said},
        {"role": "user", "content": results},
    ]


async def _stamp(target: Target, key: str, turns: Turns) -> str:
    """What the model read of the script's output when the conversation went on; empty for nothing."""
    before = target.provider.counts.requests
    await target.ask(key, "", tools=[_OWN_TOOL], headers=_PROBE, messages=turns)
    if target.provider.counts.requests == before:
        return ""
    found = _STAMPED.search(target.told()[-1].decode(errors="replace"))
    return found[1] if found else ""
